// The entries of a model and their buffers, by position. What the buffers mean: dialects/model/ops/Attention.td; how
// the runtime fills them: docs/formats/engine.md.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace tenon {

inline constexpr llvm::StringLiteral kEntryAttribute = "model.entry"; // "body" or "head"
inline constexpr llvm::StringLiteral kRowsAttribute = "model.rows";   // i64, after `instantiate-steps`

// What decides the leading size of an entry's argument or result.
enum class RowsOf {
  Step,     // the bucket
  Segments, // min(bucket, sequences)
  Body,     // the largest bucket of the body
  Fixed     // static in the family's module
};

struct EntryBuffer {
  llvm::StringLiteral name;
  RowsOf rows;
};

struct Entry {
  llvm::StringLiteral name;
  llvm::ArrayRef<EntryBuffer> arguments;
  EntryBuffer result;
  unsigned blockTable; // the argument whose rows are the sequences; arguments.size() where there is none
};

// The entry called `name`, null where there is none.
const Entry *findEntry(llvm::StringRef name);

// The entry of a function, null (after a diagnostic) where it has none or its arguments are not that entry's in number.
const Entry *getEntry(mlir::Operation *function);

} // namespace tenon
