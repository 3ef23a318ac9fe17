// A model's module through the passes, once per target.
#pragma once

#include "codegen/Target.h"
#include "compiler/driver/CompileOptions.h"
#include "compiler/driver/ShapeChoice.h"
#include "compiler/families/Family.h"
#include "compiler/import/ModelDirectory.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/Pipelines.h"
#include "tenon/schema/engine_generated.h"
#include "llvm/Support/ThreadPool.h"

#include <memory>

namespace tenon {

// What a model source holds; nothing is built yet.
struct OpenedModel {
  ModelDirectory directory;
  ShapeChoice shape;
  std::unique_ptr<FamilyModel> family;
};

// What a model source holds, and the module that its family built from it.
struct LoadedModel {
  ModelDirectory directory;
  ShapeChoice shape;
  schema::ModelInfoT info;
  mlir::OwningOpRef<mlir::ModuleOp> module; // phase `model`
};

// One compilation's context and its resolved targets.
class Lowering {
public:
  explicit Lowering(const CompileOptions &options);

  // Reads the small files and the headers of the large ones, and chooses the shapes.
  Result<OpenedModel> open();
  // Usage where the recipe of weight formats cannot be read or names no matrix of this model.
  Result<LoadedModel> build(OpenedModel opened);
  Result<LoadedModel> load();
  // The attributes of options.targets, in order, each once. Usage for a spec that is not known.
  Result<std::vector<kernel::TargetAttr>> targets();
  // A copy of `model`'s module for `target`, after every phase up to `last`.
  Result<mlir::OwningOpRef<mlir::ModuleOp>> lower(const LoadedModel &model, kernel::TargetAttr target, Phase last);

  unsigned jobs() const { return jobs_; }
  mlir::MLIRContext &context() { return *context_; }

private:
  const CompileOptions &options_;
  unsigned jobs_;
  llvm::DefaultThreadPool threads_; // outlives the context
  std::unique_ptr<mlir::MLIRContext> context_;
};

} // namespace tenon
