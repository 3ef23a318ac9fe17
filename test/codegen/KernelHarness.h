// Runs kernels in tests: IR text -> code for one target -> loaded -> called with random operands -> compared with the
// reference evaluation of the kernel's own region.
#pragma once

#include "codegen/cpu/Pipeline.h"
#include "dialects/interfaces/Reference.h"
#include "runtime/device/cpu/CodeModule.h"
#include "test/codegen/GuardedBuffer.h"
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tenon::test {

// One context for all kernels of a test binary, threading on, all dialects loaded.
mlir::MLIRContext &context();

// The machine that tests run on, as a host description for cpu:native.
codegen::Host thisHost();

// How kernels for a target run here: as they are, or where the machine lacks instructions, rewritten to plain vectors
// and generated for what it has.
struct Execution {
  codegen::cpu::Machine machine;
  codegen::cpu::Rewrite rewrite; // null: as they are
  bool emulated() const { return static_cast<bool>(rewrite); }
};
Execution executionFor(kernel::TargetAttr target);
// Rewritten to plain vectors whatever the machine has.
Execution emulated();

kernel::TargetAttr target(const std::string &spec);

// One parsed kernel.func (text with one `kernel.func`, without target, tiling and layouts).
class KernelCase {
public:
  explicit KernelCase(const std::string &text);

  kernel::FuncOp func() const { return kernelFunc; }
  mlir::ModuleOp module() const { return *parsed; }
  // `tiling` null: the one that choose-tiling chooses.
  void setTarget(kernel::TargetAttr target, kernel::TilingAttr tiling = {});

  // Instead of executionFor(target).
  void setExecution(Execution execution) { chosen = execution; }

  // Random operands: floats normal with deviation 1 (weights, operands with a packed layout: 1/sqrt(columns)), rounded
  // to the element type; integers zero; quantized ones as randomQuantized makes them. Replace what a case needs.
  std::vector<ref::Value> randomInputs(uint32_t seed);

  // Compiles for the target set and runs with `workers` shares one after another. Fails the test where compiling fails,
  // a buffer's tail is overwritten, or the image does not load. Caches among `inputs` are updated.
  std::vector<ref::Value> run(const std::vector<ref::Value> &inputs, unsigned workers);
  std::vector<ref::Value> reference(const std::vector<ref::Value> &inputs);

private:
  mlir::OwningOpRef<mlir::ModuleOp> parsed;
  kernel::FuncOp kernelFunc;
  std::optional<Execution> chosen;
  std::unique_ptr<cpu::CodeModule> code;
};

// Largest |got - expected| over the root mean square of expected numbers; infinity where one is NaN and the other is
// not.
double relativeError(const ref::Tensor &got, const ref::Tensor &expected);

} // namespace tenon::test
