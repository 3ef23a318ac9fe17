// merge-siblings: expects groups of one linear each. Merging cannot make a cycle: siblings read the same rows, and
// nothing of one can be computed from another before those rows exist. The merged group stands where the first sibling
// stood, so symbol reads that the others use move up to it.
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "passes/fuse/Group.h"
#include "passes/fuse/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_MERGESIBLINGS
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {

using Siblings = SmallVector<kernel::GroupOp, 3>;

// What the values of `group` reach through ops that are in no group yet: those ops, groups, and the caches those work
// on.
llvm::SmallVector<const void *> meetingPlaces(kernel::GroupOp group) {
  llvm::SmallVector<const void *> places;
  llvm::SmallPtrSet<Operation *, 8> seen;
  SmallVector<Operation *> open(group->getUsers());
  while (!open.empty()) {
    Operation *user = open.pop_back_val();
    if (!seen.insert(user).second)
      continue;
    if (!isa<FusionRole, kernel::GroupOp>(user))
      continue;
    places.push_back(user);
    if (!isa<kernel::GroupOp>(user))
      open.append(user->user_begin(), user->user_end());
    for (Value operand : user->getOperands())
      if (isa<model::CacheType>(operand.getType()))
        places.push_back(operand.getAsOpaquePointer());
  }
  return places;
}

// Splits `siblings` into the sets whose results meet, in order of their first members.
SmallVector<Siblings> meetingSets(const Siblings &siblings) {
  SmallVector<unsigned> setOf(siblings.size());
  llvm::DenseMap<const void *, unsigned> firstAt; // looked up only
  for (unsigned i = 0; i < siblings.size(); ++i) {
    setOf[i] = i;
    for (const void *place : meetingPlaces(siblings[i])) {
      auto [first, isNew] = firstAt.try_emplace(place, i);
      if (isNew)
        continue;
      unsigned a = setOf[first->second], b = setOf[i];
      for (unsigned &set : setOf)
        if (set == std::max(a, b))
          set = std::min(a, b);
    }
  }
  llvm::MapVector<unsigned, Siblings> sets;
  for (unsigned i = 0; i < siblings.size(); ++i)
    sets[setOf[i]].push_back(siblings[i]);
  SmallVector<Siblings> result;
  for (auto &[first, set] : sets)
    result.push_back(set);
  return result;
}

struct MergeSiblings : tenon::impl::MergeSiblingsBase<MergeSiblings> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    llvm::DenseMap<Operation *, unsigned> numbers = numberOps(block);
    // A kernel reads its weights in one format.
    llvm::MapVector<std::pair<Value, Type>, Siblings> byInput;
    for (auto group : block.getOps<kernel::GroupOp>())
      if (auto linear = dyn_cast<model::LinearOp>(anchorOf(group)))
        byInput[{outerValue(group, linear.getX()), linear.getWeight().getType().getElementType()}].push_back(group);

    for (auto &[input, siblings] : byInput) {
      if (siblings.size() < 2)
        continue;
      for (const Siblings &set : meetingSets(siblings))
        merge(set, numbers);
    }
  }

  void merge(const Siblings &set, llvm::DenseMap<Operation *, unsigned> &numbers) {
    kernel::GroupOp first = set.front();
    unsigned firstNumber = numbers.lookup(first);
    SmallVector<Operation *> members{first}, reads;
    for (kernel::GroupOp sibling : ArrayRef(set).drop_front()) {
      SmallVector<Operation *> late;
      bool movable = true;
      for (Value operand : sibling.getInputs())
        if (Operation *source = operand.getDefiningOp(); source && numbers.lookup(source) > firstNumber) {
          movable &= source->getNumOperands() == 0 && isPure(source);
          late.push_back(source);
        }
      if (!movable)
        continue;
      members.push_back(sibling);
      reads.append(late);
    }
    if (members.size() < 2)
      return;
    for (Operation *read : reads)
      read->moveBefore(first);
    numbers[formGroup(first.getAnchor(), members, first)] = firstNumber;
  }
};

} // namespace
