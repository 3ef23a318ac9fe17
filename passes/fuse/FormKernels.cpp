// form-kernels: every anchor becomes a group; the other ops wait for a group to take them.
#include "dialects/interfaces/Interfaces.h"
#include "passes/fuse/Group.h"
#include "passes/fuse/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {
struct FormKernels : tenon::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    for (Operation &op : llvm::make_early_inc_range(getOperation().getOps()))
      if (auto role = dyn_cast<FusionRole>(op); role && role.getFusionRole() == Role::Anchor)
        formGroup(role.getAnchorName(), &op, &op);
  }
};
} // namespace
