// The whole table but for variants (VerifyVariant.cpp) and segments (VerifySegments.cpp).
#include "runtime/engine/Verify.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Printable.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace tenon {

// Bounds far above any engine and low enough that products of two of them cannot overflow 64 bits.
static constexpr uint64_t kMaxBuckets = 64;
static constexpr uint64_t kMaxRows = 1 << 20;
static constexpr uint64_t kMaxSequences = 1 << 16;
static constexpr uint64_t kMaxTokens = 1 << 30; // positions are i32
static constexpr uint64_t kMaxRanks = 1024;
static constexpr uint64_t kMaxVariants = 64;

// The verifier counts a table each time it is reached, so this bounds its work even where tables are shared. An engine
// of 100 layers, 20 buckets and 4 instruction sets has about 100,000.
static constexpr uint32_t kMaxTables = 1 << 20;
static constexpr uint32_t kMaxDepth = 16; // the schema nests 5 deep

const schema::Engine *findEngine(std::span<const uint8_t> metadata) {
  flatbuffers::Verifier verifier(metadata.data(), metadata.size(), kMaxDepth, kMaxTables);
  return schema::VerifyEngineBuffer(verifier) ? schema::GetEngine(metadata.data()) : nullptr;
}

std::string quoted(std::string_view name) {
  static constexpr size_t kLongest = 80;
  return "'" + printable(name.substr(0, kLongest)) + (name.size() > kLongest ? "...'" : "'");
}

Status checkName(const Where &at, std::string_view name) {
  static constexpr size_t kLongest = 1024;
  if (!name.empty() && name.size() <= kLongest)
    return Status::ok();
  return contradiction(at, "a name of 1 to " + std::to_string(kLongest) + " bytes", name.size());
}

Status checkBetween(const Where &at, uint64_t value, uint64_t low, uint64_t high) {
  if (low <= value && value <= high)
    return Status::ok();
  return contradiction(at, "a number from " + std::to_string(low) + " to " + std::to_string(high), value);
}

uint64_t dtypeBytes(schema::DType dtype) {
  switch (dtype) {
  case schema::DType::F32:
  case schema::DType::I32:
    return 4;
  case schema::DType::F16:
  case schema::DType::BF16:
    return 2;
  case schema::DType::I8:
  case schema::DType::U8:
  case schema::DType::Q8:
    return 1;
  case schema::DType::Q4: // no whole byte
    return 0;
  }
  return 0;
}

bool shapeBytes(const flatbuffers::Vector<uint64_t> &shape, schema::DType dtype, uint64_t &bytes) {
  bytes = dtypeBytes(dtype);
  if (bytes == 0 || shape.size() > 8)
    return false;
  for (uint64_t dimension : shape)
    if (dimension == 0 || !checkedMul(bytes, dimension, bytes))
      return false;
  return true;
}

Status verifyModel(const schema::Engine &engine) {
  const schema::ModelInfo &model = *engine.model();
  Where at("model");
  TENON_TRY(checkBetween(at.field("vocab"), model.vocab(), 1, INT32_MAX));
  TENON_TRY(checkBetween(at.field("hidden"), model.hidden(), 1, INT32_MAX));
  TENON_TRY(checkBetween(at.field("layers"), model.layers(), 1, 1 << 16));
  TENON_TRY(checkBetween(at.field("heads"), model.heads(), 1, 1 << 16));

  auto checkIds = [&](const char *name, const flatbuffers::Vector<int32_t> *ids) -> Status {
    for (uint32_t i = 0; ids && i < ids->size(); ++i)
      if (ids->Get(i) < 0 || static_cast<uint32_t>(ids->Get(i)) >= model.vocab())
        return contradiction(at.element(name, i), "a token below " + std::to_string(model.vocab()),
                             std::to_string(ids->Get(i)));
    return Status::ok();
  };
  TENON_TRY(checkIds("bos_ids", model.bos_ids()));
  TENON_TRY(checkIds("eos_ids", model.eos_ids()));

  // Written so that NaN fails.
  if (!(model.temperature() >= 0) || std::isinf(model.temperature()))
    return contradiction(at.field("temperature"), "a number of at least 0", std::to_string(model.temperature()));
  if (!(model.top_p() >= 0 && model.top_p() <= 1))
    return contradiction(at.field("top_p"), "a share from 0 to 1", std::to_string(model.top_p()));
  if (model.top_k() < 0)
    return contradiction(at.field("top_k"), "a number of at least 0", std::to_string(model.top_k()));
  return Status::ok();
}

static Status verifyPairs(const flatbuffers::Vector<flatbuffers::Offset<schema::KeyValue>> &pairs, const char *name,
                          bool sorted) {
  std::unordered_set<std::string_view> seen;
  std::string_view previous;
  for (uint32_t i = 0; i < pairs.size(); ++i) {
    std::string_view key = pairs.Get(i)->key()->string_view();
    TENON_TRY(checkName(Where(name, i), key));
    if (!seen.insert(key).second)
      return contradiction(Where(name, i), "every key once", quoted(key) + " again");
    if (sorted && i > 0 && key < previous)
      return contradiction(Where(name, i), "a key after " + quoted(previous), quoted(key));
    previous = key;
  }
  return Status::ok();
}

Status verifyKeyValues(const schema::Engine &engine) {
  TENON_TRY(verifyPairs(*engine.options(), "options", false));
  return verifyPairs(*engine.key_fields(), "key_fields", true);
}

static Status verifyBuckets(const flatbuffers::Vector<uint32_t> &rows, const Where &at) {
  TENON_TRY(checkBetween(at, rows.size(), 1, kMaxBuckets));
  for (uint32_t i = 0; i < rows.size(); ++i)
    if (rows.Get(i) > kMaxRows || rows.Get(i) <= (i ? rows.Get(i - 1) : 0))
      return contradiction(at, "ascending row counts up to " + std::to_string(kMaxRows),
                           std::to_string(rows.Get(i)) + " at index " + std::to_string(i));
  return Status::ok();
}

Status verifyShape(const schema::Engine &engine) {
  const schema::ShapeKey &shape = *engine.shape();
  Where at("shape");
  TENON_TRY(verifyBuckets(*shape.body_rows(), at.field("body_rows")));
  TENON_TRY(verifyBuckets(*shape.head_rows(), at.field("head_rows")));
  TENON_TRY(checkBetween(at.field("max_sequences"), shape.max_sequences(), 1, kMaxSequences));
  TENON_TRY(checkBetween(at.field("max_context"), shape.max_context(), 1, kMaxTokens));

  const schema::KvGeometry &kv = *engine.kv();
  Where in("kv");
  TENON_TRY(checkBetween(in.field("layers"), kv.layers(), 1, 1 << 16));
  TENON_TRY(checkBetween(in.field("kv_heads"), kv.kv_heads(), 1, 1 << 16));
  TENON_TRY(checkBetween(in.field("head_dim"), kv.head_dim(), 1, 1 << 16));
  TENON_TRY(checkBetween(in.field("page_tokens"), kv.page_tokens(), 1, 1 << 16));
  // One sequence of the promised length must fit.
  TENON_TRY(checkBetween(in.field("pages"), kv.pages(), pagesFor(shape.max_context(), kv.page_tokens()), INT32_MAX));
  if (kv.dtype() != schema::DType::F32 && kv.dtype() != schema::DType::F16 && kv.dtype() != schema::DType::BF16 &&
      kv.dtype() != schema::DType::I8)
    return contradiction(in.field("dtype"), "f32, f16, bf16 or i8", static_cast<uint64_t>(kv.dtype()));
  return Status::ok();
}

static Status verifyWeight(const schema::Engine &engine, const schema::Rank &rank, const schema::Weight &weight,
                           const Where &at) {
  TENON_TRY(checkName(at.field("name"), weight.name()->string_view()));
  TENON_TRY(checkName(at.field("layout"), weight.layout()->string_view()));
  if (weight.format())
    TENON_TRY(checkName(at.field("format"), weight.format()->string_view()));
  const bool nibbles = weight.dtype() == schema::DType::Q4;
  const schema::DType dtype = nibbles ? schema::DType::Q8 : weight.dtype();
  if (dtypeBytes(dtype) == 0)
    return contradiction(at.field("dtype"), "a known type", static_cast<uint64_t>(weight.dtype()));
  TENON_TRY(checkAligned(at.field("shape"), *weight.shape()));
  uint64_t bytes;
  if (weight.shape()->size() == 0 || !shapeBytes(*weight.shape(), dtype, bytes))
    return contradiction(at.field("shape"), "1 to 8 dimensions above 0 whose product fits 64 bits",
                         std::to_string(weight.shape()->size()) + " dimensions that do not");
  bytes -= nibbles ? bytes / 2 : 0;
  const schema::Slice *slice = weight.slice();
  if (!slice)
    return contradiction(at.field("slice"), "a slice of a weights segment", "nothing");
  if (slice->region() != schema::Region::Weights)
    return contradiction(at.field("slice.region"), "weights", static_cast<uint64_t>(slice->region()));
  if (slice->index() >= rank.weight_segments()->size())
    return contradiction(at.field("slice.index"), "an entry below " + std::to_string(rank.weight_segments()->size()),
                         slice->index());
  uint64_t limit = engine.segments()->Get(rank.weight_segments()->Get(slice->index()))->bytes();
  if (slice->bytes() == 0 || !rangeWithin(slice->offset(), slice->bytes(), limit))
    return contradiction(at.field("slice"), "bytes within a segment of " + std::to_string(limit),
                         std::to_string(slice->bytes()) + " at " + std::to_string(slice->offset()));
  if (slice->bytes() < bytes)
    return contradiction(at.field("slice.bytes"), "at least " + std::to_string(bytes) + " for its shape",
                         slice->bytes());
  return Status::ok();
}

Status verifyRank(const schema::Engine &engine, const schema::Rank &rank, const Where &at) {
  uint64_t weightBytes = 0;
  std::unordered_set<uint32_t> indices;
  for (uint32_t i = 0; i < rank.weight_segments()->size(); ++i) {
    uint32_t index = rank.weight_segments()->Get(i);
    Where here = at.element("weight_segments", i);
    if (index >= engine.segments()->size())
      return contradiction(here, "a segment below " + std::to_string(engine.segments()->size()), index);
    const schema::Segment &segment = *engine.segments()->Get(index);
    if (segment.kind() != schema::SegmentKind::Weights)
      return contradiction(here, "a segment of weights", "kind " + std::to_string(static_cast<int>(segment.kind())));
    if (!indices.insert(index).second)
      return contradiction(here, "every segment once", "segment " + std::to_string(index) + " again");
    if (!checkedAdd(weightBytes, segment.bytes(), weightBytes))
      return contradiction(here, "a total that fits 64 bits", segment.bytes());
  }
  if (rank.weight_bytes() != weightBytes)
    return contradiction(at.field("weight_bytes"), std::to_string(weightBytes) + ", the sum of its segments",
                         rank.weight_bytes());

  std::unordered_set<std::string_view> names;
  for (uint32_t i = 0; i < rank.weights()->size(); ++i) {
    Where here = at.element("weights", i);
    TENON_TRY(verifyWeight(engine, rank, *rank.weights()->Get(i), here));
    std::string_view name = rank.weights()->Get(i)->name()->string_view();
    if (!names.insert(name).second)
      return contradiction(here.field("name"), "every weight once", quoted(name) + " again");
  }

  TENON_TRY(checkBetween(at.field("variants"), rank.variants()->size(), 1, kMaxVariants));
  std::unordered_set<std::string_view> targets;
  for (uint32_t i = 0; i < rank.variants()->size(); ++i) {
    Where here = at.element("variants", i);
    const schema::Variant &variant = *rank.variants()->Get(i);
    TENON_TRY(verifyVariant(engine, rank, variant, here));
    if (!targets.insert(variant.target()->string_view()).second)
      return contradiction(here.field("target"), "every target once",
                           quoted(variant.target()->string_view()) + " again");
  }
  return Status::ok();
}

Status verifyEngine(const schema::Engine &engine, uint64_t metadataBytes, uint64_t fileBytes) {
  TENON_TRY(verifyModel(engine));
  TENON_TRY(verifyKeyValues(engine));
  TENON_TRY(verifyShape(engine));
  TENON_TRY(verifySegments(engine, metadataBytes, fileBytes));
  TENON_TRY(checkBetween(Where("ranks"), engine.ranks()->size(), 1, kMaxRanks));
  for (uint32_t i = 0; i < engine.ranks()->size(); ++i)
    TENON_TRY(verifyRank(engine, *engine.ranks()->Get(i), Where("ranks", i)));
  return Status::ok();
}

} // namespace tenon
