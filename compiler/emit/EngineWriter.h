// Writes an engine file: header, metadata, page-aligned segments; under its final name only when all of it is there.
//
// The order in the file: header, metadata, code, tokenizer files, weights. The metadata is built twice, before and
// after the digests are known, with the same size (every field is stored, defaults too), so nothing is written twice.
// The bytes depend on the parts alone.
#pragma once

#include "compiler/emit/WeightsFile.h"
#include "compiler/weights/Packer.h"
#include "runtime/base/Status.h"
#include "tenon/schema/engine_generated.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tenon::emit {

// A segment whose bytes are in memory.
struct Blob {
  schema::SegmentKind kind = schema::SegmentKind::Code;
  std::string name;
  std::vector<uint8_t> bytes;
};

struct EngineParts {
  // Everything but `segments` and Rank.weight_segments, which writeEngine fills. Variant.code counts `blobs`.
  schema::EngineT metadata;
  std::vector<Blob> blobs;
  std::vector<weights::PackJob> weights; // rank 0's, by offset
  std::optional<StoredWeights> stored;   // their bytes, where these are known: `weights` is then not read
  uint64_t weightBytes = 0;
  bool sparse = false;          // weights are (nearly) all zeros: reserve no disk space
  bool externalWeights = false; // into "<digest>.tnw" beside the engine, shared by engines with the same weights
};

struct WrittenEngine {
  uint64_t bytes = 0;        // of the engine file
  std::vector<uint8_t> head; // all of it before the weights; everything where these are external
  std::string weightsFile;   // path of the external file, empty when inside
  Transfer transfer = Transfer::Packed;
};

// Errors: Resource (disk), Constraint (metadata above 64 MiB, packing memory), and what the weight sources report.
Result<WrittenEngine> writeEngine(const std::string &path, EngineParts &parts, const weights::PackOptions &options);

// The same file again from WrittenEngine.head and the weights. Errors: Resource. `head` of the result stays empty.
Result<WrittenEngine> writeFromHead(const std::string &path, std::span<const uint8_t> head, bool externalWeights,
                                    const StoredWeights &stored, unsigned threads);

} // namespace tenon::emit
