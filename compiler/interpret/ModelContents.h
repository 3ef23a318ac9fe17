// The contents of a module's symbols for the reference evaluation: weights from the model's files, caches of its own.
#pragma once

#include "compiler/import/ModelDirectory.h"
#include "dialects/interfaces/Reference.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace tenon {

// `module` and `directory` must outlive this. Weights are read when first asked for and kept, in f32: 4 bytes for each
// parameter. What a weight's recipe rounds is rounded; how it would be packed does not matter here.
class ModelContents : public ref::Context {
public:
  ModelContents(mlir::ModuleOp module, const ModelDirectory &directory) : module_(module), directory_(directory) {}

  // Null, with a diagnostic at the symbol, where the source lacks the tensor or cannot be read.
  std::shared_ptr<ref::Tensor> weight(llvm::StringRef symbol) override;
  // NaN where nothing was written, so that reading it shows.
  std::shared_ptr<ref::Cache> cache(llvm::StringRef symbol) override;

private:
  mlir::ModuleOp module_;
  const ModelDirectory &directory_;
  llvm::StringMap<std::shared_ptr<ref::Tensor>> weights_;
  llvm::StringMap<std::shared_ptr<ref::Cache>> caches_;
};

} // namespace tenon
