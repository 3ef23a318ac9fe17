#include "test/codegen/LaunchOperands.h"

#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/CacheLayout.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

// Of one argument, in whole pages of memory. Weights have whole panels of 16 rows; so many rows hold any other tensor.
static uint64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape = llvm::to_vector(tensor.getShape());
  shape.front() = static_cast<int64_t>(llvm::alignTo(shape.front(), 16));
  return llvm::alignTo(*tensorBytes(tensor.clone(shape)), 4096);
}

// The arguments of an operand: a cache is two, keys and values.
static SmallVector<uint64_t> argumentsOf(Type type) {
  if (auto cache = dyn_cast<model::CacheType>(type))
    return SmallVector<uint64_t>(2, llvm::alignTo(model::CacheLayout(cache).sideBytes(), 4096));
  return {bytesOf(type)};
}

LaunchOperands::LaunchOperands(FunctionType kernel, uint64_t spread, cpu::ThreadPool &pool, const Fill &fill) {
  uint64_t copyBytes = 0, resultBytes = 0;
  for (Type type : kernel.getInputs())
    for (uint64_t bytes : argumentsOf(type))
      copyBytes += bytes;
  for (Type type : kernel.getResults())
    resultBytes += bytesOf(type);
  uint64_t copies = std::max<uint64_t>(1, spread / copyBytes);
  auto allocated = cpu::Memory::allocate(resultBytes + copies * copyBytes, "benchmark");
  if (!allocated.isOk())
    llvm::report_fatal_error(allocated.status().message().c_str());
  memory = std::move(*allocated);
  memset(memory.data(), 0, memory.size());
  memory.prefault(pool);
  uint8_t *next = memory.data() + resultBytes;
  for (uint64_t copy = 0; copy < copies; ++copy) {
    std::vector<void *> &arguments = launches.emplace_back();
    for (auto [index, type] : llvm::enumerate(kernel.getInputs())) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      bool isIndex = tensor && tensor.getElementType().isInteger(32);
      if (isIndex && fill)
        fill(index, reinterpret_cast<int32_t *>(next));
      for (uint64_t bytes : argumentsOf(type)) {
        if (!isIndex)
          memset(next, 0x3c, bytes); // about 0.01 as any kind of float: neither huge nor vanishing
        arguments.push_back(next);
        next += bytes;
      }
    }
    uint8_t *result = memory.data();
    for (Type type : kernel.getResults()) {
      arguments.push_back(result);
      result += bytesOf(type);
    }
  }
}
