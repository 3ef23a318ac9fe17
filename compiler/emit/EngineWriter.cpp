#include "compiler/emit/EngineWriter.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Digest.h"
#include "runtime/schema/EngineHeader.h"

#include <cstring>

namespace tenon::emit {
namespace {

std::string metadataBytes(const schema::EngineT &engine) {
  flatbuffers::FlatBufferBuilder builder(1 << 20);
  builder.ForceDefaults(true); // the size must not depend on the values
  builder.Finish(schema::Engine::Pack(builder, &engine), schema::EngineIdentifier());
  return {reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize()};
}

std::span<const uint8_t> rawBytes(const void *data, size_t size) { return {static_cast<const uint8_t *>(data), size}; }

void setDigest(schema::SegmentT &segment, const Digest &digest) { segment.digest.assign(digest.begin(), digest.end()); }

// The segment table in file order; digests and offsets still blank.
void listSegments(EngineParts &parts) {
  auto &segments = parts.metadata.segments;
  segments.clear();
  const Digest blank = {};
  auto add = [&](schema::SegmentKind kind, const std::string &name, uint64_t bytes) -> schema::SegmentT & {
    auto segment = std::make_unique<schema::SegmentT>();
    segment->kind = kind;
    segment->name = name;
    segment->bytes = bytes;
    setDigest(*segment, blank);
    segments.push_back(std::move(segment));
    return *segments.back();
  };
  for (const Blob &blob : parts.blobs)
    setDigest(add(blob.kind, blob.name, blob.bytes.size()), treeDigest(blob.bytes));
  auto &weights = add(schema::SegmentKind::Weights, "weights rank 0", parts.weightBytes);
  if (parts.externalWeights)
    weights.external = weightsFileName(blank);
  parts.metadata.ranks[0]->weight_segments = {static_cast<uint32_t>(segments.size() - 1)};
}

// Gives every segment its offset; returns the size of the file.
Result<uint64_t> placeSegments(EngineParts &parts, uint64_t metadata) {
  uint64_t at = sizeof(EngineHeader) + metadata;
  for (auto &segment : parts.metadata.segments) {
    if (!segment->external.empty()) {
      segment->offset = kSegmentAlignment;
      continue;
    }
    if (!checkedAlignUp(at, kSegmentAlignment, at))
      return Status(Code::Constraint, "the engine exceeds 2^64 bytes");
    segment->offset = at;
    if (!checkedAdd(at, segment->bytes, at))
      return Status(Code::Constraint, "the engine exceeds 2^64 bytes");
  }
  return at;
}

std::string folderOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// The weights beside the engine; sets what `written` says of them.
Result<Digest> writeExternalWeights(const std::string &enginePath, const EngineParts &parts,
                                    const weights::PackOptions &options, WrittenEngine &written) {
  const std::string folder = folderOf(enginePath);
  if (parts.stored) {
    written.weightsFile = folder + weightsFileName(parts.stored->digest);
    TENON_ASSIGN(written.transfer, placeWeightsFile(written.weightsFile, *parts.stored, options.workers));
    return parts.stored->digest;
  }
  TENON_ASSIGN(io::OutputFile file,
               createFile(folder + "weights.tnw", kSegmentAlignment + parts.weightBytes, parts.sparse));
  TENON_ASSIGN(const Digest digest, packWeightsFile(file, parts.weights, parts.weightBytes, options));
  written.weightsFile = folder + weightsFileName(digest);
  if (holdsWeights(written.weightsFile, parts.weightBytes, digest, options.workers)) {
    written.transfer = Transfer::Found;
    return digest; // the temporary goes away with `file`
  }
  file.renameTo(weightsFileName(digest));
  TENON_TRY(file.commit());
  return digest;
}

// The weights inside `file`, at their segment's offset.
Result<Digest> writeWeights(io::OutputFile &file, uint64_t offset, const EngineParts &parts,
                            const weights::PackOptions &options, WrittenEngine &written) {
  if (parts.stored) {
    TENON_ASSIGN(written.transfer, placeSegment(file, offset, *parts.stored));
    return parts.stored->digest;
  }
  TENON_ASSIGN(const weights::PackedSegment packed,
               weights::packSegment(parts.weights, parts.weightBytes, file, offset, options));
  return packed.digest;
}

// Everything of the engine before its weights: header, metadata, the other segments.
std::vector<uint8_t> headBytes(const EngineParts &parts, const std::string &metadata, uint64_t headSize,
                               uint64_t fileSize) {
  const EngineHeader header =
      makeHeader(kEngineMagic, metadata.size(), fileSize, digestOf(rawBytes(metadata.data(), metadata.size())));
  std::vector<uint8_t> head(headSize);
  std::memcpy(head.data(), &header, sizeof header);
  std::memcpy(head.data() + sizeof header, metadata.data(), metadata.size());
  for (size_t i = 0; i < parts.blobs.size(); ++i)
    if (!parts.blobs[i].bytes.empty())
      std::memcpy(head.data() + parts.metadata.segments[i]->offset, parts.blobs[i].bytes.data(),
                  parts.blobs[i].bytes.size());
  return head;
}

} // namespace

Result<WrittenEngine> writeEngine(const std::string &path, EngineParts &parts, const weights::PackOptions &options) {
  WrittenEngine written;
  listSegments(parts);
  const uint64_t metadataSize = metadataBytes(parts.metadata).size();
  if (metadataSize > kMaxMetadataBytes)
    return Status(Code::Constraint, "the engine's metadata is " + std::to_string(metadataSize) + " bytes, at most " +
                                        std::to_string(kMaxMetadataBytes) +
                                        " are allowed; give fewer --step-tokens buckets or targets");
  TENON_ASSIGN(written.bytes, placeSegments(parts, metadataSize));

  schema::SegmentT &weightSegment = *parts.metadata.segments.back();
  // Stored weights may come as shared blocks, which need no room.
  TENON_ASSIGN(io::OutputFile file, createFile(path, written.bytes, parts.sparse || parts.stored));
  if (parts.externalWeights) {
    TENON_ASSIGN(const Digest digest, writeExternalWeights(path, parts, options, written));
    setDigest(weightSegment, digest);
    weightSegment.external = weightsFileName(digest);
  } else {
    TENON_ASSIGN(const Digest digest, writeWeights(file, weightSegment.offset, parts, options, written));
    setDigest(weightSegment, digest);
  }

  const std::string metadata = metadataBytes(parts.metadata);
  if (metadata.size() != metadataSize)
    return Status(Code::Internal, "the metadata changed its size from " + std::to_string(metadataSize) + " to " +
                                      std::to_string(metadata.size()) + " bytes");
  written.head =
      headBytes(parts, metadata, parts.externalWeights ? written.bytes : weightSegment.offset, written.bytes);
  TENON_TRY(file.write(0, written.head));
  TENON_TRY(file.commit());
  return written;
}

Result<WrittenEngine> writeFromHead(const std::string &path, std::span<const uint8_t> head, bool externalWeights,
                                    const StoredWeights &stored, unsigned threads) {
  WrittenEngine written;
  const uint64_t segment = stored.file->size() - kSegmentAlignment;
  written.bytes = externalWeights ? head.size() : head.size() + segment;
  TENON_ASSIGN(io::OutputFile file, createFile(path, written.bytes, /*sparse=*/true));
  if (externalWeights) {
    written.weightsFile = folderOf(path) + weightsFileName(stored.digest);
    TENON_ASSIGN(written.transfer, placeWeightsFile(written.weightsFile, stored, threads));
  } else {
    TENON_ASSIGN(written.transfer, placeSegment(file, head.size(), stored));
  }
  TENON_TRY(file.write(0, head));
  TENON_TRY(file.commit());
  return written;
}

} // namespace tenon::emit
