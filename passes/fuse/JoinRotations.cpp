// join-rotations: expects one group for each cache_append. Rotations that only it, or only attention over its cache,
// waits for are done by the same launch. Safe: attention over the cache stands after the append already, for the
// cache's sake.
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "passes/fuse/Group.h"
#include "passes/fuse/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_JOINROTATIONS
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {
struct JoinRotations : tenon::impl::JoinRotationsBase<JoinRotations> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    llvm::DenseMap<Operation *, unsigned> numbers = numberOps(block);
    for (auto group : llvm::make_early_inc_range(block.getOps<kernel::GroupOp>()))
      if (group.getAnchor() == "cache")
        join(group, numbers);
  }

  // A prologue op that leads cache kernels and is in no group yet, null for any other value.
  static Operation *rotation(Value value) {
    auto role = dyn_cast_or_null<FusionRole>(value.getDefiningOp());
    return role && role.getFusionRole() == Role::Prologue && role.getAnchorName() == "cache" ? role.getOperation()
                                                                                             : nullptr;
  }

  void join(kernel::GroupOp group, llvm::DenseMap<Operation *, unsigned> &numbers) {
    unsigned number = numbers.lookup(group);
    // The group itself and every attention over its caches that comes after it.
    llvm::SmallSetVector<Operation *, 4> readers;
    readers.insert(group);
    for (Value input : group.getInputs())
      if (isa<model::CacheType>(input.getType()))
        for (Operation *user : input.getUsers())
          if (isa<kernel::GroupOp>(user) && numbers.lookup(user) > number)
            readers.insert(user);

    llvm::SmallSetVector<Operation *, 4> rotations;
    for (Operation *reader : readers)
      for (Value input : reader->getOperands())
        if (Operation *op = rotation(input))
          if (llvm::all_of(op->getUsers(), [&](Operation *user) { return readers.contains(user); }) &&
              operandsBefore(op, number, numbers))
            rotations.insert(op);
    if (rotations.empty())
      return;
    // Rotations of one group never feed each other; in program order they read as the model was written.
    SmallVector<Operation *> members(rotations.begin(), rotations.end());
    llvm::sort(members, [&](Operation *a, Operation *b) { return numbers.lookup(a) < numbers.lookup(b); });
    members.push_back(group);
    kernel::GroupOp joined = formGroup(group.getAnchor(), members, group);
    numbers[joined] = number;
  }

  static bool operandsBefore(Operation *op, unsigned number, const llvm::DenseMap<Operation *, unsigned> &numbers) {
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return !operand.getDefiningOp() || numbers.lookup(operand.getDefiningOp()) < number;
    });
  }
};
} // namespace
