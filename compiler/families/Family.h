// From a config to a `model` module: the families that Tenon knows and what each one offers.
//
// A family is one row of the table in Families.cpp and one file: a config reader, a table of weight names, a builder.
// Neither device nor precision nor layout appears here; passes decide those.
#pragma once

#include "compiler/families/TensorSource.h"
#include "compiler/import/ConfigReader.h"
#include "compiler/import/ModelDirectory.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tenon {

// The limits that a module is built for.
struct BuildOptions {
  int64_t maxContext = 0;   // tokens of one sequence
  int64_t maxSequences = 1; // sequences at a time
  int64_t pageTokens = 64;  // tokens of one cache page
  int64_t pages = 0;        // of all sequences together; 0 for as many as they can fill
};

// What a config says that others than the builder want to know.
struct ModelFacts {
  std::string family, modelType;
  int64_t vocab = 0, hidden = 0, layers = 0, heads = 0, maxPositions = 0;
  int64_t parameters = 0;          // numbers that the checkpoint stores, tied ones once
  int64_t contextLimit = 0;        // the largest context that the model is good for: its positions, or its window
  std::optional<TensorType> dtype; // of the weights, where the config says
  std::vector<int64_t> bosIds, eosIds;
};

// A model whose config was read and found good.
class FamilyModel {
public:
  virtual ~FamilyModel() = default;
  virtual const ModelFacts &facts() const = 0;

  // The module over the directory's tensors or, where it has none, over such as the config promises (bf16 where it does
  // not say). See buildFrom.
  Result<mlir::OwningOpRef<mlir::ModuleOp>> build(mlir::MLIRContext &context, const ModelDirectory &directory,
                                                  const BuildOptions &options) const;

  // The module: weight and cache symbols and the entries @body and @head with dynamic rows (dialects/model). Every
  // cache is f32 and every weight as its source has it. Takes each tensor it needs from `tensors` and finishes it.
  // InvalidFile: tensors missing or misshapen. Unsupported: tensors left over, or a context beyond the model's window.
  // Constraint: a limit is out of range. The dialects needed are loaded into `context`.
  virtual Result<mlir::OwningOpRef<mlir::ModuleOp>> buildFrom(mlir::MLIRContext &context, TensorSource &tensors,
                                                              const BuildOptions &options) const = 0;
};

struct Family {
  llvm::StringLiteral name;
  llvm::StringLiteral modelTypes;    // of config.json, separated by spaces
  llvm::StringLiteral architectures; // one for each model type, accepted where the config lists any
  Result<std::unique_ptr<FamilyModel>> (*read)(ConfigReader &config);
};
std::span<const Family> families();

// The family for a config's model_type. Unsupported, listing the known ones, where there is none, and where the config
// names an architecture that is not the family's; InvalidFile where that is another model_type's.
Result<const Family *> findFamily(const JsonDocument &config);

// Reads config.json with the family that it names.
Result<std::unique_ptr<FamilyModel>> readModel(const JsonDocument &config);

} // namespace tenon
