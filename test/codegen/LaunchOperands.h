// Memory for timing one kernel: its operands as many times as no cache holds them, and its results.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <functional>
#include <vector>

namespace tenon::test {

class LaunchOperands {
public:
  // Called for each operand of i32, which is zeros before (a token, a slot, a position): its index and contents.
  using Fill = std::function<void(unsigned index, int32_t *values)>;

  // Copies of the operands that pass `spread` bytes together, at least one; 0 for one that a cache may hold. Floats and
  // codes are all the same small number. Ends the program where the memory is not to be had.
  LaunchOperands(mlir::FunctionType kernel, uint64_t spread, cpu::ThreadPool &pool, const Fill &fill = nullptr);

  // The arguments of the next launch: those of each copy in turn.
  void *const *next() { return launches[turn++ % launches.size()].data(); }

private:
  cpu::Memory memory;
  std::vector<std::vector<void *>> launches;
  size_t turn = 0;
};

} // namespace tenon::test
