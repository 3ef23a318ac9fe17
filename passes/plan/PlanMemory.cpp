// plan-memory: expects entries that only launch kernels on static shapes; leaves no entry, one engine.variant, and the
// kernels and symbols as they were. Results never share bytes with a launch's operands: kernels may assume so
// (docs/decisions).
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/kernel/Kernel.h"
#include "passes/Target.h"
#include "passes/plan/Arena.h"
#include "passes/plan/KernelCost.h"
#include "passes/plan/Passes.h"
#include "passes/plan/Slices.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using engine::SliceAttr;

namespace tenon {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/plan/Passes.h.inc"
} // namespace tenon

namespace {

// One entry's plan: where each value lies.
class ProgramPlan {
public:
  ProgramPlan(func::FuncOp function, const FixedSlices &fixed)
      : function(function), fixed(fixed), entry(*getEntry(function)) {
    placeFixed();
    placeActivations();
  }

  uint64_t arenaBytes() const { return arena; }

  void write(OpBuilder &builder) {
    auto rows = function->getAttrOfType<IntegerAttr>(kRowsAttribute);
    auto program = engine::ProgramOp::create(builder, function.getLoc(), builder.getStringAttr(entry.name), rows);
    builder.setInsertionPointToEnd(&program.getBody().emplaceBlock());
    for (auto launch : function.getOps<kernel::LaunchOp>()) {
      SmallVector<Attribute> slices;
      for (Value operand : launch.getInputs())
        appendSlices(operand, slices);
      for (Value result : launch.getResults())
        appendSlices(result, slices);
      engine::LaunchOp::create(builder, launch.getLoc(), launch.getKernelAttr(), builder.getArrayAttr(slices));
    }
    Value returned = returnedValue();
    if (auto argument = dyn_cast<BlockArgument>(returned)) // an entry that computes nothing
      engine::CopyOp::create(builder, function.getLoc(), resultSlice(), places.lookup(argument));
    builder.setInsertionPointAfter(program);
  }

private:
  Value returnedValue() { return function.getBody().front().getTerminator()->getOperand(0); }
  SliceAttr resultSlice() { return fixed.io(entry.result.name, cast<RankedTensorType>(returnedValue().getType())); }

  void placeFixed() {
    for (auto [argument, buffer] : llvm::zip_equal(function.getArguments(), entry.arguments))
      places[argument] = fixed.io(buffer.name, cast<RankedTensorType>(argument.getType()));
    for (auto get : function.getOps<model::GetWeightOp>())
      places[get] = fixed.weight(get.getSymbolAttr().getAttr());
    if (!isa<BlockArgument>(returnedValue()))
      places[returnedValue()] = resultSlice();
  }

  // Steps are launches, counted from 0.
  void placeActivations() {
    SmallVector<Value> values;
    SmallVector<Buffer> buffers;
    llvm::DenseMap<Value, unsigned> indices;
    unsigned step = 0;
    for (auto launch : function.getOps<kernel::LaunchOp>()) {
      for (Value operand : launch.getInputs())
        if (auto known = indices.find(operand); known != indices.end())
          buffers[known->second].last = step;
      for (Value result : launch.getResults())
        if (!places.contains(result)) {
          indices[result] = buffers.size();
          values.push_back(result);
          buffers.push_back({*tensorBytes(cast<RankedTensorType>(result.getType())), step, step});
        }
      ++step;
    }
    arena = placeBuffers(buffers, engine::kSliceAlignment);
    for (auto [value, buffer] : llvm::zip_equal(values, buffers))
      places[value] = SliceAttr::get(function.getContext(), engine::Region::arena, 0, buffer.offset, buffer.bytes);
  }

  void appendSlices(Value value, SmallVectorImpl<Attribute> &slices) {
    if (auto get = value.getDefiningOp<model::GetCacheOp>()) {
      CacheSlices cache = fixed.cache(get.getSymbolAttr().getAttr());
      slices.append({cache.keys, cache.values});
    } else {
      slices.push_back(places.lookup(value));
    }
  }

  func::FuncOp function;
  const FixedSlices &fixed;
  const Entry &entry;
  llvm::DenseMap<Value, SliceAttr> places; // looked up only
  uint64_t arena = 0;
};

struct PlanMemory : tenon::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    kernel::TargetAttr target = getTarget(module);
    FailureOr<FixedSlices> fixed = FixedSlices::of(module);
    if (!target || failed(fixed))
      return signalPassFailure();
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    SmallVector<std::unique_ptr<ProgramPlan>> plans;
    uint64_t arena = 0;
    for (func::FuncOp function : functions) {
      plans.push_back(std::make_unique<ProgramPlan>(function, *fixed));
      arena = std::max(arena, plans.back()->arenaBytes());
    }

    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto variant =
        engine::VariantOp::create(builder, module.getLoc(), builder.getStringAttr(target.getSpec()),
                                  builder.getI64IntegerAttr(llvm::alignTo(arena, engine::kRegionAlignment)),
                                  builder.getI64IntegerAttr(fixed->ioBytes), builder.getI64IntegerAttr(fixed->kvBytes),
                                  builder.getDenseI64ArrayAttr({int64_t(fixed->weightBytes)}));
    builder.setInsertionPointToEnd(&variant.getBody().emplaceBlock());
    for (auto &[name, io] : fixed->ioList)
      engine::IoOp::create(builder, module.getLoc(), builder.getStringAttr(name), TypeAttr::get(io.type), io.slice);
    for (auto &[name, cache] : fixed->cacheList)
      engine::KvOp::create(builder, module.getLoc(), FlatSymbolRefAttr::get(name), cache.keys, cache.values);
    listKernels(builder, functions);
    for (auto &plan : plans)
      plan->write(builder);
    plans.clear();
    for (func::FuncOp function : functions)
      function.erase();
  }

  // The module's kernels in their order, each with the cost of its first launch.
  void listKernels(OpBuilder &builder, ArrayRef<func::FuncOp> functions) {
    llvm::DenseMap<StringAttr, kernel::LaunchOp> firstLaunch;
    for (func::FuncOp function : functions)
      for (auto launch : function.getOps<kernel::LaunchOp>())
        firstLaunch.try_emplace(launch.getKernelAttr().getAttr(), launch);
    for (auto kernel : getOperation().getOps<kernel::FuncOp>()) {
      kernel::LaunchOp launch = firstLaunch.lookup(kernel.getSymNameAttr());
      if (!launch)
        continue;
      KernelCost cost = costOf(kernel, launch);
      auto number = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
      engine::KernelOp::create(builder, kernel.getLoc(), FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
                               kernel.getAnchorAttr(), number(cost.flops), number(cost.weightBytes),
                               number(cost.activationBytes), number(cost.argCount),
                               builder.getStringAttr(cost.prologue), builder.getStringAttr(cost.epilogue),
                               cost.multiplier.empty() ? StringAttr() : builder.getStringAttr(cost.multiplier));
    }
  }
};

} // namespace
