// verify-plan: the exit contract of the phase `plan`, checked from the slices alone: a mistake of the planner is found
// by following what each launch leaves in memory, not by repeating how it was planned.
#include "dialects/engine/Engine.h"
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "passes/plan/Passes.h"
#include <map>

using namespace mlir;
using namespace tenon;
using engine::SliceAttr;

namespace tenon {
#define GEN_PASS_DEF_VERIFYPLAN
#include "passes/plan/Passes.h.inc"
} // namespace tenon

namespace {

// What one argument of a kernel must be.
struct Argument {
  uint64_t bytes;
  bool written, cache;
};

SmallVector<Argument> argumentsOf(kernel::FuncOp kernel) {
  SmallVector<Argument> arguments;
  for (auto [index, type] : llvm::enumerate(kernel.getFunctionType().getInputs())) {
    if (auto cache = dyn_cast<model::CacheType>(type)) {
      uint64_t tokens = cache.getPages() * cache.getPageTokens() * cache.getKvHeads();
      uint64_t bytes = tokens * cache.getHeadDim() * cache.getElementType().getIntOrFloatBitWidth() / 8;
      if (cache.getElementType().isInteger(8)) // each with its scale
        bytes += tokens * 4;
      arguments.append(2, {bytes, false, true});
      continue;
    }
    auto tensor = cast<RankedTensorType>(type);
    kernel::PackedAttr layout = kernel.getLayout(index);
    arguments.push_back({layout ? cast<RecipeStep>(layout).storedBytes(tensor) : *tensorBytes(tensor), false, false});
  }
  for (Type type : kernel.getFunctionType().getResults())
    arguments.push_back({*tensorBytes(cast<RankedTensorType>(type)), true, false});
  return arguments;
}

// What the arena holds while a program runs: the slices that were written last, by offset.
class ArenaContents {
public:
  void write(SliceAttr slice) {
    auto it = slices.lower_bound(slice.getOffset());
    if (it != slices.begin() && std::prev(it)->second.overlaps(slice))
      --it;
    while (it != slices.end() && it->second.overlaps(slice))
      it = slices.erase(it);
    slices[slice.getOffset()] = slice;
  }
  bool holds(SliceAttr slice) const {
    auto it = slices.find(slice.getOffset());
    return it != slices.end() && it->second == slice;
  }

private:
  std::map<uint64_t, SliceAttr> slices;
};

// Whether `slice` is the first rows of `io`.
bool startsAt(SliceAttr slice, SliceAttr io) {
  return slice.getOffset() == io.getOffset() && slice.getBytes() <= io.getBytes();
}

struct VerifyPlan : tenon::impl::VerifyPlanBase<VerifyPlan> {
  LogicalResult verify(engine::LaunchOp launch, ArenaContents &arena) {
    ArrayRef<Argument> expected = arguments.find(launch.getKernelAttr().getAttr())->second;
    auto slices = llvm::to_vector(launch.getArgs().getAsRange<SliceAttr>());
    if (slices.size() != expected.size())
      return launch.emitOpError() << "passes " << slices.size() << " slices, expected " << expected.size();
    for (auto [index, pair] : llvm::enumerate(llvm::zip_equal(slices, expected))) {
      auto [slice, argument] = pair;
      if (slice.getBytes() != argument.bytes)
        return launch.emitOpError() << "argument " << index << " has " << slice.getBytes() << " bytes, expected "
                                    << argument.bytes;
      if (slice.getRegion() == engine::Region::io &&
          !llvm::any_of(ioBuffers, [&](SliceAttr io) { return startsAt(slice, io); }))
        return launch.emitOpError() << "argument " << index << " is " << slice
                                    << ", which is not the start of any engine.io";
      bool inKv = slice.getRegion() == engine::Region::kv;
      if (inKv != argument.cache)
        return launch.emitOpError() << "argument " << index << " is " << slice
                                    << (inKv ? ", expected a tensor" : ", expected a cache");
      if (!argument.written && slice.getRegion() == engine::Region::arena && !arena.holds(slice))
        return launch.emitOpError() << "argument " << index << " reads " << slice
                                    << ", which no earlier step has left there";
      if (argument.written && slice.getRegion() == engine::Region::weights)
        return launch.emitOpError() << "argument " << index << " writes weights";
      for (size_t other = 0; argument.written && other < index; ++other)
        if (slice.overlaps(slices[other]))
          return launch.emitOpError() << "argument " << index << " overwrites argument " << other
                                      << " of the same launch";
    }
    for (auto [slice, argument] : llvm::zip_equal(slices, expected))
      if (argument.written && slice.getRegion() == engine::Region::arena)
        arena.write(slice);
    return success();
  }

  LogicalResult verify(engine::ProgramOp program) {
    ArenaContents arena;
    for (Operation &step : *program.getBody().begin()) {
      if (auto launch = dyn_cast<engine::LaunchOp>(step)) {
        if (!arguments.contains(launch.getKernelAttr().getAttr()))
          return launch.emitOpError() << "runs @" << launch.getKernel() << ", which is no kernel.func of the module";
        if (failed(verify(launch, arena)))
          return failure();
      } else if (auto copy = dyn_cast<engine::CopyOp>(step)) {
        if (copy.getFrom().getRegion() == engine::Region::arena && !arena.holds(copy.getFrom()))
          return copy.emitOpError() << "reads " << copy.getFrom() << ", which no earlier step has left there";
        if (copy.getTo().getRegion() == engine::Region::arena)
          arena.write(copy.getTo());
      }
    }
    return success();
  }

  void runOnOperation() override {
    arguments.clear();
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      arguments[kernel.getSymNameAttr()] = argumentsOf(kernel);
    auto variants = llvm::to_vector(getOperation().getOps<engine::VariantOp>());
    if (variants.size() != 1 || !getOperation().getOps<func::FuncOp>().empty()) {
      getOperation().emitError() << "expected one engine.variant and no entry after the phase `plan`";
      return signalPassFailure();
    }
    ioBuffers.clear();
    for (auto io : variants.front().getOps<engine::IoOp>())
      ioBuffers.push_back(io.getSlice());
    for (auto program : variants.front().getOps<engine::ProgramOp>())
      if (failed(verify(program)))
        return signalPassFailure();
  }

  llvm::DenseMap<StringAttr, SmallVector<Argument>> arguments; // looked up only
  SmallVector<SliceAttr> ioBuffers;
};

} // namespace
