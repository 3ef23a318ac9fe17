// sink-epilogues: expects every op but elementwise ones in a group. An op joins the latest group among its producers,
// so its other operands exist before that group runs, and its users come later as they did.
#include "dialects/interfaces/Interfaces.h"
#include "passes/fuse/Group.h"
#include "passes/fuse/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_SINKEPILOGUES
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {
struct SinkEpilogues : tenon::impl::SinkEpiloguesBase<SinkEpilogues> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    llvm::DenseMap<Operation *, unsigned> numbers = numberOps(block);
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto role = dyn_cast<FusionRole>(op);
      if (!role || role.getFusionRole() != Role::Elementwise)
        continue;
      if (kernel::GroupOp producer = latestProducer(op, numbers)) {
        unsigned number = numbers.lookup(producer);
        numbers[formGroup(producer.getAnchor(), {producer, &op}, producer)] = number;
      } else {
        unsigned number = numbers.lookup(&op);
        numbers[formGroup(role.getAnchorName(), &op, &op)] = number;
      }
    }
  }

  // The group that makes the latest operand of `op`, null where something else makes it or that group takes no
  // epilogue.
  static kernel::GroupOp latestProducer(Operation &op, const llvm::DenseMap<Operation *, unsigned> &numbers) {
    Operation *latest = nullptr;
    for (Value operand : op.getOperands())
      if (Operation *source = operand.getDefiningOp();
          source && (!latest || numbers.lookup(source) > numbers.lookup(latest)))
        latest = source;
    auto group = dyn_cast_or_null<kernel::GroupOp>(latest);
    return group && group.getAnchor() != "cache" ? group : kernel::GroupOp();
  }
};
} // namespace
