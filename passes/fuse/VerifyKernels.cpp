// verify-kernels: the exit contract of the phase `fuse`, which is what emitters may take for granted.
#include "dialects/interfaces/Interfaces.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "passes/fuse/Passes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_VERIFYKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

static LogicalResult verifyLinear(kernel::FuncOp kernel) {
  auto linears = llvm::to_vector(kernel.getBody().getOps<model::LinearOp>());
  Value rows = linears.front().getX();
  for (model::LinearOp linear : linears)
    if (linear.getX() != rows)
      return linear.emitOpError() << "reads other rows than the first linear of its kernel @" << kernel.getSymName();
  bool before = true; // casts between prologue and anchor belong to the prologue
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (isa<model::LinearOp>(op)) {
      before = false;
      continue;
    }
    bool prologue = cast<FusionRole>(op).getFusionRole() == Role::Prologue;
    if (prologue && !before)
      return op.emitOpError() << "prepares rows after the linears of its kernel @" << kernel.getSymName();
    auto staysBefore = [&](Operation *user) {
      return isa<model::LinearOp>(user) || user->isBeforeInBlock(linears.front());
    };
    if (before && !llvm::all_of(op.getUsers(), staysBefore))
      return op.emitOpError() << "is a prologue of @" << kernel.getSymName() << " but feeds more than its linears";
  }
  return success();
}

static LogicalResult verifyOther(kernel::FuncOp kernel) {
  Operation *epilogue = nullptr;
  unsigned anchors = 0;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    Role role = cast<FusionRole>(op).getFusionRole();
    anchors += role == Role::Anchor;
    if (role == Role::Elementwise)
      epilogue = &op;
    else if (epilogue)
      return op.emitOpError() << "stands after the epilogue of its kernel @" << kernel.getSymName();
  }
  if (anchors > 1)
    return kernel.emitOpError() << "has " << anchors << " anchors, expected one at most";
  return success();
}

namespace {
struct VerifyKernels : tenon::impl::VerifyKernelsBase<VerifyKernels> {
  LogicalResult verify(func::FuncOp function) {
    for (Operation &op : function.getOps()) {
      if (auto launch = dyn_cast<kernel::LaunchOp>(op))
        launched.insert(launch.getKernel());
      else if (!isa<model::GetWeightOp, model::GetCacheOp, func::ReturnOp>(op))
        return op.emitOpError() << "is in no kernel after the phase `fuse`";
    }
    return success();
  }

  LogicalResult verify(kernel::FuncOp kernel) {
    if (!launched.contains(kernel.getSymName()))
      return kernel.emitOpError() << "is launched nowhere";
    return kernel.getAnchor() == "linear" ? verifyLinear(kernel) : verifyOther(kernel);
  }

  void runOnOperation() override {
    launched.clear();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(verify(function)))
        return signalPassFailure();
    for (kernel::FuncOp kernel : getOperation().getOps<kernel::FuncOp>())
      if (failed(verify(kernel)))
        return signalPassFailure();
  }

  llvm::StringSet<> launched;
};
} // namespace
