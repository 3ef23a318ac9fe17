// The checks of an engine's metadata: the flatbuffer verifier, then every index, offset, length, count and name. Pure
// functions over the table; they read no file and no host. All errors are InvalidFile and name the place.
//
// What they guarantee is listed in docs/formats/engine.md; the rest of the runtime relies on it without checking again.
#pragma once

#include "runtime/base/Digest.h"
#include "runtime/base/Status.h"
#include "runtime/engine/Where.h"
#include "tenon/schema/engine_generated.h"

#include <span>
#include <type_traits>

namespace tenon {

// The table in `metadata`, aligned to 8; null where offsets or lengths leave it, or it holds more or deeper tables than
// any engine.
const schema::Engine *findEngine(std::span<const uint8_t> metadata);

// Everything. `metadataBytes` and `fileBytes` as the header has them (and the file confirms).
Status verifyEngine(const schema::Engine &engine, uint64_t metadataBytes, uint64_t fileBytes);

// The parts, in the order in which verifyEngine calls them; each relies on those before it.
Status verifyModel(const schema::Engine &engine);
Status verifyKeyValues(const schema::Engine &engine);
Status verifyShape(const schema::Engine &engine);
Status verifySegments(const schema::Engine &engine, uint64_t metadataBytes, uint64_t fileBytes);
Status verifyRank(const schema::Engine &engine, const schema::Rank &rank, const Where &at);
Status verifyVariant(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                     const Where &at);

// The step buffers a variant must have, with the shapes that the shape key implies (verifyVariant).
Status verifyIo(const schema::Engine &engine, const schema::Variant &variant, const Where &at);

// The bytes of the part of memory that `slice` lies in. Its region and index are checked already.
uint64_t regionBytes(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                     const schema::Slice &slice);

// Of every kernel argument, so of every slice.
inline constexpr uint64_t kPointerAlignment = 64;

// Bytes of one element; 0 for a value that is no DType.
uint64_t dtypeBytes(schema::DType dtype);

// A token's key, or value, of one head: int8 codes have an f32 scale behind them.
inline uint64_t kvHeadBytes(const schema::KvGeometry &kv) {
  return dtypeBytes(kv.dtype()) * uint64_t(kv.head_dim()) + (kv.dtype() == schema::DType::I8 ? 4 : 0);
}

// Product of a shape and the element size: false on overflow, an unknown dtype, a dimension of 0 or more than 8 of
// them.
[[nodiscard]] bool shapeBytes(const flatbuffers::Vector<uint64_t> &shape, schema::DType dtype, uint64_t &bytes);

// The digest of a verified segment (32 bytes).
Digest segmentDigest(const schema::Segment &segment);

// KV pages that hold `tokens` tokens.
inline uint32_t pagesFor(uint32_t tokens, uint32_t pageTokens) {
  return tokens / pageTokens + (tokens % pageTokens != 0);
}

// A vector's elements stand where the processor may read them: FlatBuffers' verifier looks at its length only.
template <typename Element> Status checkAligned(const Where &at, const flatbuffers::Vector<Element> &vector) {
  constexpr size_t alignment = alignof(std::remove_pointer_t<Element>);
  if (reinterpret_cast<uintptr_t>(vector.Data()) % alignment != 0)
    return contradiction(at, "elements at multiples of " + std::to_string(alignment) + " bytes", "others");
  return Status::ok();
}

} // namespace tenon
