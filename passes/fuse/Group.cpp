#include "passes/fuse/Group.h"
#include "dialects/interfaces/Interfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tenon;

// Moves the ops of `group` before it and removes it.
static void dissolve(kernel::GroupOp group, SmallVectorImpl<Operation *> &ops) {
  Block &body = group.getBody().front();
  Operation *yield = body.getTerminator();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), group.getInputs()))
    argument.replaceAllUsesWith(input);
  for (auto [result, value] : llvm::zip_equal(group.getResults(), yield->getOperands()))
    result.replaceAllUsesWith(value);
  yield->erase();
  for (Operation &op : body)
    ops.push_back(&op);
  group->getBlock()->getOperations().splice(group->getIterator(), body.getOperations());
  group.erase();
}

kernel::GroupOp tenon::formGroup(StringRef anchor, ArrayRef<Operation *> members, Operation *position) {
  // Members go away: stand before the next op that stays (the block's terminator at the latest).
  while (llvm::is_contained(members, position))
    position = position->getNextNode();
  OpBuilder builder(position);
  Location loc = members.front()->getLoc();
  SmallVector<Operation *> ops;
  for (Operation *member : members)
    if (auto group = dyn_cast<kernel::GroupOp>(member)) {
      loc = group.getLoc();
      dissolve(group, ops);
    } else {
      ops.push_back(member);
    }

  llvm::DenseSet<Operation *> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs;
  SmallVector<Value> results;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(result);
  }

  auto group = kernel::GroupOp::create(builder, loc, TypeRange(ValueRange(results)), builder.getStringAttr(anchor),
                                       inputs.getArrayRef());
  Block &body = group.getBody().empty() ? group.getBody().emplaceBlock() : group.getBody().front();
  llvm::DenseMap<Value, Value> arguments;
  for (Value input : inputs)
    arguments[input] = body.addArgument(input.getType(), loc);
  for (auto [value, result] : llvm::zip_equal(results, group.getResults()))
    value.replaceUsesWithIf(result, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (Operation *op : ops) {
    op->moveBefore(&body, body.end());
    for (OpOperand &operand : op->getOpOperands())
      if (Value argument = arguments.lookup(operand.get()))
        operand.set(argument);
  }
  builder.setInsertionPointToEnd(&body);
  kernel::YieldOp::create(builder, loc, results);
  return group;
}

Value tenon::outerValue(kernel::GroupOp group, Value inner) {
  auto argument = dyn_cast<BlockArgument>(inner);
  return argument && argument.getOwner()->getParentOp() == group ? group.getInputs()[argument.getArgNumber()] : Value();
}

Operation *tenon::anchorOf(kernel::GroupOp group) {
  for (Operation &op : group.getBody().front())
    if (auto role = dyn_cast<FusionRole>(op); role && role.getAnchorName() == group.getAnchor())
      return &op;
  llvm_unreachable("the group's verifier has found an op that leads it");
}

llvm::DenseMap<Operation *, unsigned> tenon::numberOps(Block &block) {
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (Operation &op : block)
    numbers[&op] = numbers.size();
  return numbers;
}
