// absorb-prologues: expects anchors in groups, siblings merged. Copying a chain into its users is safe because its ops
// are pure.
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "passes/Target.h"
#include "passes/fuse/Group.h"
#include "passes/fuse/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_ABSORBPROLOGUES
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {

// Prepared rows lie on the worker's stack: f32, well inside the 256 KiB that a kernel may take.
constexpr int64_t kInlineBytes = 64 * 1024;

using Chain = SmallVector<Operation *, 3>; // in order of execution

// The row-preparing ops that end in `rows`: prologue ops that lead norm kernels, with casts between and after them.
// Empty where there is none: a cast alone belongs to the kernel that makes its input.
Chain chainOf(Value rows) {
  Chain chain;
  size_t useful = 0;
  for (Operation *op = rows.getDefiningOp(); op; op = op->getOperand(0).getDefiningOp()) {
    auto role = dyn_cast<FusionRole>(op);
    bool prepares = role && role.getFusionRole() == Role::Prologue && role.getAnchorName() == "norm";
    bool narrows = role && role.getFusionRole() == Role::Elementwise && op->getNumOperands() == 1;
    if (!prepares && !narrows)
      break;
    chain.push_back(op);
    if (prepares)
      useful = chain.size();
  }
  chain.truncate(useful);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

// Whether nothing but the chain itself reads the values inside it.
bool isPrivate(const Chain &chain) {
  for (size_t i = 0; i + 1 < chain.size(); ++i)
    if (!llvm::all_of(chain[i]->getUsers(), [&](Operation *user) { return user == chain[i + 1]; }))
      return false;
  return true;
}

// The rows that a linear group multiplies; null for other groups.
Value linearInput(Operation *op) {
  auto group = dyn_cast<kernel::GroupOp>(op);
  auto linear = group ? dyn_cast<model::LinearOp>(anchorOf(group)) : model::LinearOp();
  return linear ? outerValue(group, linear.getX()) : Value();
}

bool isCheap(const Chain &chain, kernel::TargetAttr target) {
  Value rows = chain.back()->getResult(0);
  llvm::SmallPtrSet<Operation *, 4> users;
  for (Operation *user : rows.getUsers()) {
    if (linearInput(user) != rows)
      return false;
    users.insert(user);
  }
  auto type = cast<RankedTensorType>(rows.getType());
  int64_t bytes = type.getNumElements() * 4 * int64_t(users.size());
  return isPrivate(chain) && type.getDimSize(0) <= target.number("inline_rows") && bytes <= kInlineBytes;
}

struct AbsorbPrologues : tenon::impl::AbsorbProloguesBase<AbsorbPrologues> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation()->getParentOp());
    if (!target)
      return signalPassFailure();
    Block &block = getOperation().getBody().front();
    for (auto group : llvm::make_early_inc_range(block.getOps<kernel::GroupOp>())) {
      Value rows = linearInput(group);
      Chain chain = rows ? chainOf(rows) : Chain();
      if (chain.empty())
        continue;
      if (isCheap(chain, target))
        copyInto(group, chain);
      else
        formGroup("norm", llvm::to_vector_of<Operation *>(chain), chain.back());
    }
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto role = dyn_cast<FusionRole>(op); role && role.getFusionRole() == Role::Prologue)
        formGroup(role.getAnchorName(), &op, &op);
  }

  static void copyInto(kernel::GroupOp group, const Chain &chain) {
    OpBuilder builder(group);
    IRMapping mapping;
    SmallVector<Operation *> members;
    for (Operation *op : chain)
      members.push_back(builder.clone(*op, mapping));
    Value rows = chain.back()->getResult(0);
    rows.replaceUsesWithIf(mapping.lookup(rows), [&](OpOperand &use) { return use.getOwner() == group; });
    members.push_back(group);
    formGroup(group.getAnchor(), members, group);
    for (Operation *op : llvm::reverse(chain))
      if (op->use_empty())
        op->erase();
  }
};

} // namespace
