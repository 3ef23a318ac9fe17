#include "compiler/emit/EngineWriter.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Digest.h"
#include "runtime/engine/EngineFile.h"
#include "runtime/io/MappedFile.h"
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

EngineHeader makeHeader(const char (&magic)[8], uint64_t metadata, uint64_t file, const Digest &digest) {
  EngineHeader header = {};
  std::memcpy(header.magic, magic, sizeof header.magic);
  header.major = kFormatMajor;
  header.minor = kFormatMinor;
  header.metadataBytes = metadata;
  header.fileBytes = file;
  std::memcpy(header.digest, digest.data(), digest.size());
  return header;
}

std::string weightsFileName(const Digest &digest) { return toHex(digest) + ".tnw"; }

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

Result<io::OutputFile> createFile(const std::string &path, uint64_t size, bool sparse) {
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(path, sparse ? 0 : size));
  if (sparse)
    TENON_TRY(file.resize(size));
  return file;
}

std::string folderOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// Whether the file that other engines share is there and whole: its header and every byte are compared, so that damage
// is mended by the next compilation instead of inherited.
bool holdsWeights(const std::string &path, const EngineHeader &header, const Digest &digest, unsigned threads) {
  auto file = io::MappedFile::open(path);
  return file.isOk() && file->size() == header.fileBytes &&
         std::memcmp(file->bytes().data(), &header, sizeof header) == 0 &&
         parallelTreeDigest(file->bytes().subspan(kSegmentAlignment), threads) == digest;
}

Result<Digest> writeExternalWeights(const std::string &enginePath, const EngineParts &parts,
                                    const weights::PackOptions &options, WrittenEngine &written) {
  const uint64_t size = kSegmentAlignment + parts.weightBytes;
  TENON_ASSIGN(io::OutputFile file, createFile(folderOf(enginePath) + "weights.tnw", size, parts.sparse));
  TENON_ASSIGN(const weights::PackedSegment packed,
               weights::packSegment(parts.weights, parts.weightBytes, file, kSegmentAlignment, options));
  written.weightsFile = folderOf(enginePath) + weightsFileName(packed.digest);
  const EngineHeader header = makeHeader(kWeightsMagic, 0, size, packed.digest);
  written.weightsFound = holdsWeights(written.weightsFile, header, packed.digest, options.workers);
  if (written.weightsFound)
    return packed.digest; // the temporary goes away with `file`
  TENON_TRY(file.write(0, rawBytes(&header, sizeof header)));
  file.renameTo(weightsFileName(packed.digest));
  TENON_TRY(file.commit());
  return packed.digest;
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

  auto &segments = parts.metadata.segments;
  TENON_ASSIGN(io::OutputFile file, createFile(path, written.bytes, parts.sparse));
  for (size_t i = 0; i < parts.blobs.size(); ++i)
    TENON_TRY(file.write(segments[i]->offset, rawBytes(parts.blobs[i].bytes.data(), parts.blobs[i].bytes.size())));

  schema::SegmentT &weightSegment = *segments.back();
  if (parts.externalWeights) {
    TENON_ASSIGN(const Digest digest, writeExternalWeights(path, parts, options, written));
    setDigest(weightSegment, digest);
    weightSegment.external = weightsFileName(digest);
  } else {
    TENON_ASSIGN(const weights::PackedSegment packed,
                 weights::packSegment(parts.weights, parts.weightBytes, file, weightSegment.offset, options));
    setDigest(weightSegment, packed.digest);
  }

  const std::string metadata = metadataBytes(parts.metadata);
  if (metadata.size() != metadataSize)
    return Status(Code::Internal, "the metadata changed its size from " + std::to_string(metadataSize) + " to " +
                                      std::to_string(metadata.size()) + " bytes");
  const EngineHeader header =
      makeHeader(kEngineMagic, metadataSize, written.bytes, digestOf(rawBytes(metadata.data(), metadata.size())));
  TENON_TRY(file.write(0, rawBytes(&header, sizeof header)));
  TENON_TRY(file.write(sizeof header, rawBytes(metadata.data(), metadata.size())));
  TENON_TRY(file.commit());
  return written;
}

} // namespace tenon::emit
