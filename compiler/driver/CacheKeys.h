// What decides the bytes of an engine, and so what is in the keys of the artifact cache: one table, from which keys,
// the engine's own key_fields and docs/reference/cache-key.md are made.
//
// Every member of CompileOptions, ModelDirectory, TokenizerFiles, Generation and ShapeChoice has a row; a member
// without one does not compile (CacheKeys.cpp unpacks the structs). Engines have named fields for all of it. Code and
// weights have few fields of their own: they are keyed by the planned IR itself, which holds whatever reached it.
#pragma once

#include "compiler/cache/Key.h"
#include "compiler/driver/Lowering.h"
#include "runtime/base/Digest.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon {

// May a change of this member change the key of ...? Where it may, `field` says by which field of the engine's key.
struct KeyRow {
  std::string owner, member; // "CompileOptions", "quant"
  std::string name;          // for people: "--quant", "config.json"
  bool engine = false, code = false, weights = false;
  std::string why;
  // The engine's fields that this member makes by itself. Empty where it is resolved first, or never matters.
  cache::Fields fields;
};

std::vector<KeyRow> keyRows(const CompileOptions &options, const ModelDirectory &directory, const ShapeChoice &shape);

// docs/reference/cache-key.md.
std::string keyReference();

// Digests of the checkpoint's files, in their order; empty without a checkpoint.
using SourceDigests = std::vector<Digest>;

cache::Fields engineFields(const CompileOptions &options, const ModelDirectory &directory, const ShapeChoice &shape,
                           const std::vector<kernel::TargetAttr> &targets, const SourceDigests &sources);

// Of one target's code: what its kernels are made from. `module` is the planned module.
cache::Fields codeFields(mlir::ModuleOp module, kernel::TargetAttr target);

// Of the packed segment: for each weight its source, recipe, type and place. Shapes of steps are not in it.
Result<cache::Fields> weightFields(mlir::ModuleOp module, const ModelDirectory &directory,
                                   const SourceDigests &sources);

// Whether a field of the engine's key is written into the engine, too: not those that name a build or a file, so that
// the same model and options make the same bytes.
bool isRecorded(std::string_view field);

} // namespace tenon
