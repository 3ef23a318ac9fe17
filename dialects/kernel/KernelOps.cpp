// Kernels and their launches: a body is self-contained, led by its anchor, and its layouts fit its operands.
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Evaluate.h"
#include "dialects/model/Model.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::kernel;

static LogicalResult verifyTypes(Operation *op, const char *what, TypeRange got, TypeRange expected, const char *why) {
  if (got.size() != expected.size())
    return op->emitOpError() << "has " << got.size() << " " << what << "s, expected " << expected.size() << " (" << why
                             << ")";
  for (auto [index, types] : llvm::enumerate(llvm::zip_equal(got, expected)))
    if (auto [gotType, expectedType] = types; gotType != expectedType)
      return op->emitOpError() << what << " " << index << " has type " << gotType << ", expected " << expectedType
                               << " (" << why << ")";
  return success();
}

// The body takes `inputs`, yields `results`, and holds only ops that a kernel can hold, one of them leading `anchor`.
static LogicalResult verifyBody(Operation *op, Region &body, StringRef anchor, TypeRange inputs, TypeRange results) {
  Block &block = body.front();
  if (failed(verifyTypes(op, "block argument", block.getArgumentTypes(), inputs, "inputs of the kernel")) ||
      failed(
          verifyTypes(op, "yielded value", block.getTerminator()->getOperandTypes(), results, "results of the kernel")))
    return failure();
  bool led = false;
  for (Operation &inner : block.without_terminator()) {
    auto role = dyn_cast<FusionRole>(inner);
    if (!role)
      return inner.emitOpError()
             << "has no place in a kernel, expected anchors, prologue and elementwise ops of `model`; "
                "weights and caches come in as operands";
    led |= role.getAnchorName() == anchor;
  }
  if (!led)
    return op->emitOpError() << "has no op that leads a \"" << anchor << "\" kernel";
  return success();
}

LogicalResult GroupOp::verify() {
  return verifyBody(*this, getBody(), getAnchor(), getInputs().getTypes(), getResultTypes());
}

PackedAttr FuncOp::getLayout(unsigned index) {
  return getLayouts() ? dyn_cast<PackedAttr>((*getLayouts())[index]) : PackedAttr();
}

LogicalResult FuncOp::verify() {
  ArrayRef<Type> inputs = getFunctionType().getInputs();
  if (failed(verifyBody(*this, getBody(), getAnchor(), inputs, getFunctionType().getResults())))
    return failure();
  if (!getLayouts())
    return success();
  if (getLayouts()->size() != inputs.size())
    return emitOpError() << "has " << getLayouts()->size() << " layouts, expected " << inputs.size()
                         << " (one per operand)";
  for (auto [index, layout] : llvm::enumerate(*getLayouts())) {
    if (isa<UnitAttr>(layout))
      continue;
    if (!isa<PackedAttr>(layout))
      return emitOpError() << "layout " << index << " is " << layout << ", expected unit or #kernel.packed";
    auto type = dyn_cast<RankedTensorType>(inputs[index]);
    if (!type || type.getRank() != 2)
      return emitOpError() << "layout " << index << " is " << layout << " on " << inputs[index]
                           << ", expected a weight matrix";
  }
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto kernel = dyn_cast_or_null<FuncOp>(tables.lookupNearestSymbolFrom(*this, getKernelAttr()));
  if (!kernel)
    return emitOpError() << "names " << getKernelAttr() << ", expected a 'kernel.func' symbol";
  if (failed(verifyTypes(*this, "operand", getOperandTypes(), kernel.getFunctionType().getInputs(), "the kernel's")) ||
      failed(verifyTypes(*this, "result", getResultTypes(), kernel.getFunctionType().getResults(), "the kernel's")))
    return failure();
  return success();
}

void LaunchOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : getInputsMutable())
    if (isa<model::CacheType>(operand.get().getType())) {
      effects.emplace_back(MemoryEffects::Read::get(), &operand, SideEffects::DefaultResource::get());
      effects.emplace_back(MemoryEffects::Write::get(), &operand, SideEffects::DefaultResource::get());
    }
}

static LogicalResult evaluateBody(Region &body, ref::Context &context, ArrayRef<ref::Value> operands,
                                  SmallVectorImpl<ref::Value> &results) {
  FailureOr<SmallVector<ref::Value>> values = model::evaluateRegion(body, operands, context);
  if (failed(values))
    return failure();
  results.append(values->begin(), values->end());
  return success();
}

LogicalResult GroupOp::evaluate(ref::Context &context, ArrayRef<ref::Value> operands,
                                SmallVectorImpl<ref::Value> &results) {
  return evaluateBody(getBody(), context, operands, results);
}

LogicalResult LaunchOp::evaluate(ref::Context &context, ArrayRef<ref::Value> operands,
                                 SmallVectorImpl<ref::Value> &results) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<FuncOp>(*this, getKernelAttr());
  return evaluateBody(kernel.getBody(), context, operands, results);
}
