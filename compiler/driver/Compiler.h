// The compiler as a library: a model in, an engine file (or a plan, or IR text) out.
//
// The bytes of the engine depend on the model's files and on the options that say what to compile; never on paths,
// time, the host, the number of jobs or the environment. Threads: one call at a time in a process (lld and LLVM options
// are global).
#pragma once

#include "compiler/driver/CompileOptions.h"
#include "compiler/driver/ShapeChoice.h"
#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace tenon {

struct VariantPlan {
  std::string target;
  uint64_t weightBytes = 0, kvBytes = 0, ioBytes = 0, arenaBytes = 0;
  uint64_t flopsPerToken = 0; // body and head for one row
  uint64_t total() const { return weightBytes + kvBytes + ioBytes + arenaBytes; }
};

struct EnginePlan {
  std::string family;
  uint64_t parameters = 0;
  uint64_t sourceBytes = 0; // of the checkpoint's tensors; 0 without one
  std::string weights;      // the recipe that gives the formats chosen: "int4_wo:g128; embed=bf16"
  std::string activations;  // of the rows that meet quantized weights: "int8 per row", "float"
  std::string kv;           // element type of the cache
  ShapeChoice shape;
  std::vector<VariantPlan> variants; // one per target
};

// Hit: taken from the cache's folder. RemoteHit: from its shared tier, and in the folder from now on. Stored: made, and
// there from now on. Missed: made, and not stored.
enum class CacheOutcome { Hit, RemoteHit, Stored, Missed };

struct CachePart {
  std::string part; // "engine", "code cpu:x86-64-v4", "weights"
  CacheOutcome outcome = CacheOutcome::Missed;
};

struct CompileReport {
  EnginePlan plan;
  uint64_t engineBytes = 0;
  std::string weightsFile;      // external weights, empty when inside
  std::string transfer;         // how the weights came there: packed, found, linked, reflinked or copied
  std::vector<CachePart> cache; // what the cache had of it; empty without a cache
};

// Exact memory of the engine that `compile` would write, without generating code or reading weights.
Result<EnginePlan> planEngine(const CompileOptions &options);

// With options.cache, parts that were made before are taken from there; the bytes are the same. NotCached: see
// options.requireHit.
Result<CompileReport> compileEngine(const CompileOptions &options);

// The IR after `phase` (model, formats, steps, fuse, tile, plan, llvm, asm) for the first target.
Result<std::string> emitPhase(const CompileOptions &options, const std::string &phase);

// Names that emitPhase takes, in order.
std::vector<std::string> phaseList();
// The weight formats that --quant takes, for help: "auto, bf16, ..., int4_wo[:gN[,asym]], ...".
std::string formatList();
// Target specs that --target takes, for help and errors.
std::vector<std::string> targetList();

} // namespace tenon
