// From a loaded model to an engine file: lowers for every target, takes the code of each from whoever has it, gathers
// all that goes into the file and writes it.
#pragma once

#include "compiler/driver/CompileCache.h"
#include "compiler/driver/Lowering.h"
#include "compiler/driver/WeightJobs.h"

namespace tenon {

class EngineAssembly {
public:
  // The code of a planned module; `table` says what of it the engine will record.
  using CodeSource = std::function<Result<codegen::CodeImage>(mlir::ModuleOp module, kernel::TargetAttr target,
                                                              const schema::VariantT &table, const EnginePlan &plan)>;

  // `engine` are the fields of the engine's key. The arguments outlive the assembly.
  EngineAssembly(const CompileOptions &options, Lowering &lowering, const LoadedModel &model, CompileCache &cache,
                 cache::Fields engine);

  // Lowers for one more target. Constraint where its weights are stored otherwise than those before.
  Status add(kernel::TargetAttr target, const CodeSource &code);
  // Once, after all targets.
  Result<CompileReport> write();

  const EnginePlan &plan() const { return plan_; }
  // Of rank 0, as the engine will record them; after the first target and before write().
  const std::vector<std::unique_ptr<schema::WeightT>> &weights() const { return weights_.entries; }

private:
  const CompileOptions &options_;
  Lowering &lowering_;
  const LoadedModel &model_;
  CompileCache &cache_;
  cache::Fields engine_;
  EnginePlan plan_;
  emit::EngineParts parts_;
  mlir::OwningOpRef<mlir::ModuleOp> module_; // planned for the first target
  WeightTable weights_;                      // of the first target, and so of all
  std::vector<std::unique_ptr<schema::VariantT>> variants_;
};

} // namespace tenon
