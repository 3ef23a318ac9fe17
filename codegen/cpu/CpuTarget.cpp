#include "codegen/cpu/CpuTarget.h"
#include "codegen/cpu/Pipeline.h"
#include "codegen/cpu/Targets.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

namespace {
class CpuTarget : public Target {
public:
  StringRef prefix() const override { return "cpu:"; }

  std::vector<std::string> specs() const override {
    std::vector<std::string> all = {"cpu:native"};
    for (const TargetRow &row : targetRows()) {
      all.push_back(std::string("cpu:") + row.name);
      for (const char *feature : row.optional)
        all.push_back(std::string("cpu:") + row.name + "+" + feature);
    }
    return all;
  }

  FailureOr<kernel::TargetAttr> resolve(MLIRContext *context, StringRef spec, const Host &host,
                                        EmitError emitError) const override {
    return resolveTarget(context, spec, host, emitError);
  }

  FailureOr<CodeImage> compile(ModuleOp module, unsigned threads) const override {
    kernel::TargetAttr target = targetOf(module);
    if (!target)
      return failure();
    return compileKernels(module, Machine::of(target), threads);
  }

  FailureOr<std::string> print(ModuleOp module, CodeText form) const override {
    kernel::TargetAttr target = targetOf(module);
    if (!target)
      return failure();
    return printKernels(module, Machine::of(target), form == CodeText::LLVM ? Stage::LLVM : Stage::Assembly);
  }

  void registerDialects(DialectRegistry &registry) const override { registerPipelineDialects(registry); }

private:
  // The one target of a module's kernels, null after a diagnostic.
  static kernel::TargetAttr targetOf(ModuleOp module) {
    kernel::TargetAttr target;
    for (auto func : module.getOps<kernel::FuncOp>()) {
      if (!func.getTarget() || !func.getTiling() || !func.getLayouts()) {
        func.emitOpError("has no target, tiling or layouts; run choose-tiling before code generation");
        return {};
      }
      if (target && target != *func.getTarget()) {
        func.emitOpError() << "is for " << *func.getTarget() << ", expected the module's one target " << target;
        return {};
      }
      target = *func.getTarget();
    }
    if (!target)
      module.emitError("has no kernels to generate code for");
    return target;
  }
};
} // namespace

const Target &tenon::codegen::cpu::cpuTarget() {
  static const CpuTarget target;
  return target;
}
