#include "runtime/engine/EngineFile.h"

#include "runtime/base/Checked.h"
#include "runtime/engine/Verify.h"
#include "runtime/schema/EngineHeader.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <thread>

namespace tenon {

static_assert(std::endian::native == std::endian::little, "engine files are little-endian and read in place");

static const char kCompileAgain[] = "compile the engine again: tenon compile MODEL -o FILE";

// What every refusal of a damaged file ends with.
static Status damaged(Code code, const std::string &what) {
  return Status(code, what + "\n  the file is damaged or incomplete; copy it again, or " + kCompileAgain);
}

static std::string fromTo(uint64_t expected, uint64_t found) {
  return "expected " + std::to_string(expected) + ", found " + std::to_string(found);
}

static Result<EngineHeader> readHeader(const io::MappedFile &file, const char (&magic)[8], uint16_t major,
                                       const char *kind) {
  EngineHeader header;
  if (file.size() < sizeof(header))
    return Status(Code::InvalidFile, std::string("not ") + kind + ": expected at least 64 bytes, found " +
                                         std::to_string(file.size()) + "\n  " + kCompileAgain);
  TENON_TRY(file.read(0, {reinterpret_cast<uint8_t *>(&header), sizeof(header)}));
  if (std::memcmp(header.magic, magic, sizeof(magic)) != 0) {
    bool weights = std::memcmp(header.magic, kWeightsMagic, sizeof(kWeightsMagic)) == 0;
    return Status(Code::InvalidFile, std::string("not ") + kind + ": its first 8 bytes are " +
                                         (weights ? "those of a weights file\n  name the engine that uses it"
                                                  : "another format's\n  engines are made with: tenon compile MODEL -o "
                                                    "FILE"));
  }
  if (header.fileBytes != file.size())
    return damaged(Code::InvalidFile, "file size: " + fromTo(header.fileBytes, file.size()) + " bytes");
  if (header.major != major)
    return Status(Code::InvalidFile, std::string("it is of a") + (header.major < major ? "n older" : " newer") +
                                         " Tenon: format " + std::to_string(header.major) + ", this program reads " +
                                         std::to_string(major) + "\n  " + kCompileAgain +
                                         ", or use the Tenon that made it");
  if (header.flags != 0)
    return Status(Code::InvalidFile, "header flags: " + fromTo(0, header.flags) +
                                         "\n  the file needs a newer Tenon, or compile the engine again with this one");
  return header;
}

Result<EngineFile> EngineFile::open(const std::string &path, const trust::PublicKeys *signers) {
  TENON_ASSIGN(io::MappedFile mapped, io::MappedFile::open(path));
  EngineFile file(std::move(mapped));
  if (Status status = file.load(signers); !status.isOk())
    return std::move(status).within(path);
  return file;
}

Result<EngineFile> EngineFile::view(std::span<const uint8_t> bytes) {
  const std::string name = "the engine in memory";
  if (const auto address = reinterpret_cast<uintptr_t>(bytes.data()); address % kSegmentAlignment != 0)
    return Status(Code::Usage, name + ": expected to begin at a multiple of " + std::to_string(kSegmentAlignment) +
                                   ", found " + std::to_string(address % kSegmentAlignment) +
                                   " bytes beyond one\n  its code and weights are used where they lie");
  EngineFile file(io::MappedFile::view(name, bytes));
  if (Status status = file.load(nullptr); !status.isOk())
    return std::move(status).within(name);
  for (const schema::Segment *segment : *file.engine_->segments())
    if (segment->external())
      return Status(Code::InvalidFile, name + ": its weights are in another file (" + segment->external()->str() +
                                           ")\n  compile it with --weights inside");
  return file;
}

Status EngineFile::load(const trust::PublicKeys *signers) {
  TENON_ASSIGN(header_, readHeader(file_, kEngineMagic, kFormatMajor, "an engine"));
  if (signers) {
    TENON_ASSIGN(signer_, checkSignature(path(), header_, *signers));
  }
  const uint64_t metadataBytes = header_.metadataBytes;
  if (metadataBytes < 16 || metadataBytes > kMaxMetadataBytes ||
      !rangeWithin(sizeof(header_), metadataBytes, file_.size()))
    return damaged(Code::InvalidFile, "metadata size: expected 16 to " + std::to_string(kMaxMetadataBytes) +
                                          " bytes that lie within the file's " + std::to_string(file_.size()) +
                                          ", found " + std::to_string(metadataBytes));
  metadata_ = std::make_unique<uint64_t[]>(metadataBytes / 8 + 1);
  std::span<uint8_t> bytes(reinterpret_cast<uint8_t *>(metadata_.get()), metadataBytes);
  TENON_TRY(file_.read(sizeof(header_), bytes));
  metadataDigest_ = digestOf(bytes);
  Digest stated;
  std::memcpy(stated.data(), header_.digest, stated.size());
  if (metadataDigest_ != stated)
    return damaged(Code::Integrity, "metadata digest: expected " + toHex(stated) + ", found " + toHex(metadataDigest_));
  return verifyStructure();
}

Status EngineFile::verifyStructure() {
  engine_ = findEngine({reinterpret_cast<const uint8_t *>(metadata_.get()), metadataBytes()});
  if (!engine_)
    return damaged(Code::InvalidFile, "metadata: expected a flatbuffer of the engine schema, found offsets or lengths "
                                      "that leave it");
  if (Status status = verifyEngine(*engine_, metadataBytes(), file_.size()); !status.isOk())
    return damaged(status.code(), "metadata: " + status.message());

  externals_.resize(engine_->segments()->size());
  for (uint32_t i = 0; i < engine_->segments()->size(); ++i) {
    const schema::SegmentKind kind = engine_->segments()->Get(i)->kind();
    if (kind == schema::SegmentKind::Code || (signer_ && kind != schema::SegmentKind::Weights))
      TENON_TRY(verifySegment(i, 1));
  }
  return Status::ok();
}

Result<io::MappedFile> EngineFile::openExternal(uint32_t index) const {
  const schema::Segment &segment = *engine_->segments()->Get(index);
  std::string folder = path().substr(0, path().rfind('/') + 1); // empty without a slash
  TENON_ASSIGN(io::MappedFile file, io::MappedFile::open(folder + segment.external()->str()));
  TENON_ASSIGN(EngineHeader header, readHeader(file, kWeightsMagic, kWeightsMajor, "a weights file"));
  if (header.metadataBytes != 0)
    return damaged(Code::InvalidFile, "metadata size: " + fromTo(0, header.metadataBytes));
  if (file.size() != segment.offset() + segment.bytes())
    return damaged(Code::InvalidFile, "file size: " + fromTo(segment.offset() + segment.bytes(), file.size()));
  if (std::memcmp(header.digest, segment.digest()->data(), sizeof(header.digest)) != 0)
    return damaged(Code::Integrity, "digest in its header: expected that of its name, found another");
  return file;
}

Status EngineFile::attachExternalWeights() {
  for (uint32_t i = 0; i < externals_.size(); ++i) {
    const schema::Segment &segment = *engine_->segments()->Get(i);
    if (!segment.external() || externals_[i])
      continue;
    Result<io::MappedFile> file = openExternal(i);
    if (!file.isOk())
      return std::move(file).status().within(path() + ": weights " + segment.external()->str());
    externals_[i] = *std::move(file);
  }
  return Status::ok();
}

std::span<const uint8_t> EngineFile::segment(uint32_t index) const {
  const schema::Segment &segment = *engine_->segments()->Get(index);
  if (!segment.external())
    return file_.bytes().subspan(segment.offset(), segment.bytes());
  if (!externals_[index])
    return {};
  return externals_[index]->bytes().subspan(segment.offset(), segment.bytes());
}

std::string_view EngineFile::text(schema::SegmentKind kind) const {
  for (uint32_t i = 0; i < engine_->segments()->size(); ++i)
    if (engine_->segments()->Get(i)->kind() == kind) {
      std::span<const uint8_t> bytes = segment(i);
      return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    }
  return {};
}

Status EngineFile::verifySegment(uint32_t index, unsigned threads) const {
  const schema::Segment &segment = *engine_->segments()->Get(index);
  if (segment.external() && !externals_[index])
    return Status(Code::Usage,
                  path() + ": segments[" + std::to_string(index) + "]: its external weights file is not attached");
  Digest stated = segmentDigest(segment);
  Digest found = parallelTreeDigest(this->segment(index), threads);
  if (found == stated)
    return Status::ok();
  return damaged(Code::Integrity, "digest of segments[" + std::to_string(index) + "] " +
                                      quoted(segment.name()->string_view()) + ": expected " + toHex(stated) +
                                      ", found " + toHex(found));
}

Status EngineFile::verifyWeights(unsigned threads) const {
  for (uint32_t i = 0; i < engine_->segments()->size(); ++i)
    if (engine_->segments()->Get(i)->kind() == schema::SegmentKind::Weights)
      if (Status status = verifySegment(i, threads); !status.isOk())
        return std::move(status).within(path());
  return Status::ok();
}

Digest parallelTreeDigest(std::span<const uint8_t> bytes, unsigned threads) {
  std::vector<Digest> chunks(chunkCount(bytes.size()));
  std::atomic<uint64_t> next{0};
  auto work = [&] {
    for (uint64_t i; (i = next.fetch_add(kDigestGroup, std::memory_order_relaxed)) < chunks.size();) {
      const uint64_t count = std::min(kDigestGroup, chunks.size() - i), begin = i * kDigestChunkBytes;
      chunkDigests(bytes.subspan(begin, std::min(count * kDigestChunkBytes, bytes.size() - begin)),
                   std::span(chunks).subspan(i, count));
    }
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads && t * kDigestGroup < chunks.size(); ++t)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();
  return combineChunks(chunks);
}

} // namespace tenon
