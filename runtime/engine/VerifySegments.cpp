// Segments: where they lie, that they do not overlap, and what an external one may be called.
#include "runtime/base/Checked.h"
#include "runtime/engine/Verify.h"
#include "runtime/schema/EngineHeader.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace tenon {

static constexpr uint64_t kMaxSegments = 4096;
static constexpr uint64_t kMaxCodeBytes = 1ull << 30;

Digest segmentDigest(const schema::Segment &segment) {
  Digest digest;
  std::memcpy(digest.data(), segment.digest()->data(), digest.size());
  return digest;
}

// An external file is named by its content, so that no name can lead out of the engine's folder.
static Status verifyExternal(const schema::Segment &segment, const Where &at) {
  if (segment.kind() != schema::SegmentKind::Weights)
    return contradiction(at.field("external"), "only weights outside the engine",
                         "a segment of kind " + std::to_string(static_cast<int>(segment.kind())));
  std::string expected = toHex(segmentDigest(segment)) + ".tnw";
  if (segment.external()->string_view() != expected)
    return contradiction(at.field("external"), quoted(expected) + ", its digest",
                         quoted(segment.external()->string_view()));
  if (segment.offset() != kSegmentAlignment)
    return contradiction(at.field("offset"), std::to_string(kSegmentAlignment) + " in an external file",
                         segment.offset());
  if (segment.bytes() > UINT64_MAX - kSegmentAlignment)
    return contradiction(at.field("bytes"), "a size that fits 64 bits with its header", segment.bytes());
  return Status::ok();
}

static Status verifySegment(const schema::Segment &segment, uint64_t begin, uint64_t fileBytes, const Where &at) {
  TENON_TRY(checkName(at.field("name"), segment.name()->string_view()));
  if (segment.kind() > schema::SegmentKind::MAX)
    return contradiction(at.field("kind"), "a known kind", static_cast<uint64_t>(segment.kind()));
  if (segment.digest()->size() != sizeof(Digest))
    return contradiction(at.field("digest"), "32 bytes", segment.digest()->size());
  if (segment.bytes() == 0)
    return contradiction(at.field("bytes"), "more than 0", segment.bytes());
  if (segment.kind() == schema::SegmentKind::Code && segment.bytes() > kMaxCodeBytes)
    return contradiction(at.field("bytes"), "at most 1 GiB of code", segment.bytes());
  if (segment.external())
    return verifyExternal(segment, at);
  if (segment.offset() % kSegmentAlignment != 0 || segment.offset() < begin)
    return contradiction(at.field("offset"),
                         "a multiple of " + std::to_string(kSegmentAlignment) + " from " + std::to_string(begin) +
                             " on",
                         segment.offset());
  if (!rangeWithin(segment.offset(), segment.bytes(), fileBytes))
    return contradiction(at, "bytes within the file's " + std::to_string(fileBytes),
                         std::to_string(segment.bytes()) + " at " + std::to_string(segment.offset()));
  return Status::ok();
}

Status verifySegments(const schema::Engine &engine, uint64_t metadataBytes, uint64_t fileBytes) {
  const auto &segments = *engine.segments();
  TENON_TRY(checkBetween(Where("segments"), segments.size(), 1, kMaxSegments));
  uint64_t begin = sizeof(EngineHeader) + metadataBytes; // at most 64 MiB each

  std::vector<uint32_t> inside;
  uint32_t textSegments[static_cast<size_t>(schema::SegmentKind::MAX) + 1] = {};
  for (uint32_t i = 0; i < segments.size(); ++i) {
    const schema::Segment &segment = *segments.Get(i);
    Where at("segments", i);
    TENON_TRY(verifySegment(segment, begin, fileBytes, at));
    if (!segment.external())
      inside.push_back(i);
    bool unique = segment.kind() == schema::SegmentKind::Tokenizer ||
                  segment.kind() == schema::SegmentKind::TokenizerConfig ||
                  segment.kind() == schema::SegmentKind::ChatTemplate;
    if (unique && ++textSegments[static_cast<size_t>(segment.kind())] > 1)
      return contradiction(at.field("kind"), "one " + std::string(EnumNameSegmentKind(segment.kind())) + " segment",
                           "another one");
  }

  std::sort(inside.begin(), inside.end(),
            [&](uint32_t a, uint32_t b) { return segments.Get(a)->offset() < segments.Get(b)->offset(); });
  for (size_t i = 1; i < inside.size(); ++i) {
    const schema::Segment &before = *segments.Get(inside[i - 1]);
    const schema::Segment &after = *segments.Get(inside[i]);
    if (after.offset() - before.offset() < before.bytes())
      return contradiction(Where("segments", inside[i]),
                           "an offset from " + std::to_string(before.offset() + before.bytes()) +
                               " on, after segment " + std::to_string(inside[i - 1]),
                           after.offset());
  }
  return Status::ok();
}

} // namespace tenon
