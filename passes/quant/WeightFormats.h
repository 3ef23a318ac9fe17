// The formats of weights by the names that users type: one table, from which the recipe parser, --help and the docs
// read.
//
// A format is a TypeAttr (bf16, f16, f32), a weight scheme (qt::Scheme), or null for `auto`: f32 becomes bf16,
// everything else, codes of a GGUF file included, stays as the checkpoint has it.
#pragma once

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tenon {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

struct WeightFormatRow {
  llvm::StringLiteral name;
  llvm::StringLiteral summary;
  int64_t group; // chosen where none is given, 0: one scale per output; -1: the format takes no options
  // The format; null after a diagnostic where group and asym do not suit it.
  mlir::FailureOr<mlir::Attribute> (*make)(mlir::MLIRContext *, int64_t group, bool asym, EmitError);
};

llvm::ArrayRef<WeightFormatRow> weightFormats();

// "auto, bf16, fp16, fp32, int8_wo[:gN[,asym]], ..."
std::string weightFormatNames();

// The format that `text` names: a row's name, then `:` and options (g32, g64, g128, asym) between commas. Fails after a
// diagnostic that says what is known.
mlir::FailureOr<mlir::Attribute> parseWeightFormat(mlir::MLIRContext *context, llvm::StringRef text,
                                                   EmitError emitError);

// How a user would write the format of elements of `type`: "bf16", "int4_wo:g128". The inverse of parseWeightFormat.
std::string weightFormatName(mlir::Type elementType);

} // namespace tenon
