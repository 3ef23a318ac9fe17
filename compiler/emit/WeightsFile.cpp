#include "compiler/emit/WeightsFile.h"

#include "runtime/engine/EngineFile.h"

#include <algorithm>
#include <cstring>
#include <sys/stat.h>

namespace tenon::emit {

EngineHeader makeHeader(const char (&magic)[8], uint64_t metadata, uint64_t file, const Digest &digest) {
  EngineHeader header = {};
  std::memcpy(header.magic, magic, sizeof header.magic);
  const bool weights = std::equal(magic, magic + sizeof magic, kWeightsMagic);
  header.major = weights ? kWeightsMajor : kFormatMajor;
  header.minor = weights ? kWeightsMinor : kFormatMinor;
  header.metadataBytes = metadata;
  header.fileBytes = file;
  std::memcpy(header.digest, digest.data(), digest.size());
  return header;
}

std::string weightsFileName(const Digest &digest) { return toHex(digest) + ".tnw"; }

std::vector<uint8_t> weightsFilePrefix(uint64_t segmentBytes, const Digest &digest) {
  const EngineHeader header = makeHeader(kWeightsMagic, 0, kSegmentAlignment + segmentBytes, digest);
  std::vector<uint8_t> page(kSegmentAlignment);
  std::memcpy(page.data(), &header, sizeof header);
  return page;
}

Result<io::OutputFile> createFile(const std::string &path, uint64_t size, bool sparse) {
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(path, sparse ? 0 : size));
  if (sparse)
    TENON_TRY(file.resize(size));
  return file;
}

Result<Digest> packWeightsFile(io::OutputFile &file, const std::vector<weights::PackJob> &jobs, uint64_t bytes,
                               const weights::PackOptions &options) {
  TENON_ASSIGN(const weights::PackedSegment packed,
               weights::packSegment(jobs, bytes, file, kSegmentAlignment, options));
  TENON_TRY(file.write(0, weightsFilePrefix(bytes, packed.digest)));
  return packed.digest;
}

const char *transferName(Transfer transfer) {
  switch (transfer) {
  case Transfer::Packed:
    return "packed";
  case Transfer::Found:
    return "found";
  case Transfer::Linked:
    return "linked";
  case Transfer::Reflinked:
    return "reflinked";
  case Transfer::Copied:
    break;
  }
  return "copied";
}

bool holdsWeights(const std::string &path, uint64_t segmentBytes, const Digest &digest, unsigned threads) {
  auto file = io::MappedFile::open(path);
  if (!file.isOk() || file->size() != kSegmentAlignment + segmentBytes)
    return false;
  const std::vector<uint8_t> prefix = weightsFilePrefix(segmentBytes, digest);
  return std::memcmp(file->bytes().data(), prefix.data(), prefix.size()) == 0 &&
         parallelTreeDigest(file->bytes().subspan(kSegmentAlignment), threads) == digest;
}

static bool isSameFile(int descriptor, const std::string &path) {
  struct stat open, named;
  return fstat(descriptor, &open) == 0 && stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

Result<Transfer> placeWeightsFile(const std::string &path, const StoredWeights &stored, unsigned threads) {
  const int source = stored.file->descriptor();
  const uint64_t size = stored.file->size();
  if (isSameFile(source, path))
    return Transfer::Found;
  TENON_ASSIGN(io::OutputFile file, createFile(path, size, /*sparse=*/true));
  if (file.shareFrom(source, 0, 0, size)) {
    TENON_TRY(file.commit());
    return Transfer::Reflinked;
  }
  if (stored.mayLink && io::linkOver(source, path))
    return Transfer::Linked;
  if (holdsWeights(path, size - kSegmentAlignment, stored.digest, threads))
    return Transfer::Found;
  TENON_TRY(file.copyFrom(source, 0, 0, size));
  TENON_TRY(file.commit());
  return Transfer::Copied;
}

Result<Transfer> placeSegment(io::OutputFile &file, uint64_t offset, const StoredWeights &stored) {
  const int source = stored.file->descriptor();
  const uint64_t bytes = stored.file->size() - kSegmentAlignment;
  if (file.shareFrom(source, kSegmentAlignment, offset, bytes))
    return Transfer::Reflinked;
  TENON_TRY(file.copyFrom(source, kSegmentAlignment, offset, bytes));
  return Transfer::Copied;
}

} // namespace tenon::emit
