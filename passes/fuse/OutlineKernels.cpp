// outline-kernels: expects every computing op in a group. Equality is decided on a canonical form of the group, in
// which values are numbers; attributes and types are unique in a context, so comparing their addresses compares their
// contents.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fuse/Passes.h"
#include <map>
#include <unordered_map>

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {

// A group's canonical form. Looked up only, never put in order: addresses differ between runs.
using Form = std::vector<uintptr_t>;

struct FormHash {
  size_t operator()(const Form &form) const { return llvm::hash_combine_range(form.begin(), form.end()); }
};

Form canonicalForm(kernel::GroupOp group) {
  Form form;
  auto add = [&](const void *pointer) { form.push_back(reinterpret_cast<uintptr_t>(pointer)); };
  llvm::SmallDenseMap<Value, unsigned, 16> numbers;
  auto define = [&](Value value) {
    numbers.try_emplace(value, numbers.size());
    add(value.getType().getAsOpaquePointer());
  };
  add(group.getAnchorAttr().getAsOpaquePointer());
  for (BlockArgument argument : group.getBody().getArguments())
    define(argument);
  for (Operation &op : group.getBody().front()) {
    add(op.getName().getAsOpaquePointer());
    add(op.getAttrDictionary().getAsOpaquePointer());
    form.push_back(op.getNumOperands());
    for (Value operand : op.getOperands())
      form.push_back(numbers.lookup(operand));
    for (Value result : op.getResults())
      define(result);
  }
  return form;
}

// Rows of the first tensor that the kernel writes, or else reads: for its name.
int64_t rowsOf(kernel::GroupOp group) {
  for (TypeRange types : {TypeRange(group.getResultTypes()), TypeRange(group.getInputs().getTypes())})
    for (Type type : types)
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        return tensor.getDimSize(0);
  return 0;
}

struct OutlineKernels : tenon::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    if (functions.empty())
      return;
    OpBuilder kernels(functions.front());
    std::unordered_map<Form, kernel::FuncOp, FormHash> known;
    std::map<std::string, unsigned> counts;
    for (func::FuncOp function : functions)
      for (auto group : llvm::make_early_inc_range(function.getOps<kernel::GroupOp>())) {
        kernel::FuncOp &kernel = known[canonicalForm(group)];
        OpBuilder builder(group);
        if (!kernel)
          kernel = outline(kernels, group, counts);
        auto launch = kernel::LaunchOp::create(builder, group.getLoc(), group.getResultTypes(),
                                               FlatSymbolRefAttr::get(kernel.getSymNameAttr()), group.getInputs());
        group.replaceAllUsesWith(launch.getResults());
        group.erase();
      }
  }

  static kernel::FuncOp outline(OpBuilder &builder, kernel::GroupOp group, std::map<std::string, unsigned> &counts) {
    std::string stem = (group.getAnchor() + "_" + Twine(rowsOf(group))).str();
    std::string name = stem + "_" + std::to_string(counts[stem]++);
    auto type = FunctionType::get(builder.getContext(), group.getInputs().getTypes(), group.getResultTypes());
    auto kernel = kernel::FuncOp::create(builder, group.getLoc(), builder.getStringAttr(name), group.getAnchorAttr(),
                                         TypeAttr::get(type), kernel::TargetAttr(), kernel::TilingAttr(), ArrayAttr());
    kernel.getBody().takeBody(group.getBody());
    return kernel;
  }
};

} // namespace
