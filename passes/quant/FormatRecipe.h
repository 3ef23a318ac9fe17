// Which format each weight gets, as users ask for it: `int4_wo:g128,asym; lm_head=int8_wo; layers.0.*=bf16`.
//
// Entries are separated by semicolons. The first may be a bare format, the default (`auto` where it is not given); the
// others are PATTERN=FORMAT with a glob (*, ?, [a-z], {a,b}) on the names of weight symbols, later ones winning.
// Formats: WeightFormats.h.
#pragma once

#include "dialects/model/Model.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/quant/WeightFormats.h"
#include "llvm/Support/GlobPattern.h"
#include <vector>

namespace tenon {

struct WeightChoice {
  model::WeightOp weight;
  mlir::Type elementType; // to be stored
};

class FormatRecipe {
public:
  // Fails after a diagnostic.
  static mlir::FailureOr<FormatRecipe> parse(mlir::MLIRContext *context, llvm::StringRef text, EmitError emitError);

  // What every weight of `module` is to be stored as, in the module's order. Vectors and generated tables are f32. The
  // default applies to a scheme's matrices where linears read them; a table that is read by rows only (an untied
  // embedding) gets a scheme where a pattern names it, `auto` elsewhere. Fails after a diagnostic where a pattern
  // matches no matrix.
  mlir::FailureOr<std::vector<WeightChoice>> choose(mlir::ModuleOp module, EmitError emitError) const;

  // The float type that the default names, null for a scheme or `auto`.
  mlir::Type defaultFloat() const;

private:
  struct Override {
    std::string pattern;
    llvm::GlobPattern glob;
    mlir::Attribute format;
  };
  mlir::Attribute fallback;
  std::vector<Override> overrides;
};

// Whether a weight is a matrix from the checkpoint: what recipes are about.
bool isFormattedMatrix(model::WeightOp weight);

// The recipe that gives the formats which the module's matrices have: the most frequent one, then every other matrix by
// name.
std::string describeFormats(mlir::ModuleOp module);

} // namespace tenon
