#include "compiler/cache/FileDigest.h"

#include "llvm/Support/BLAKE3.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <sys/stat.h>
#include <thread>

namespace tenon::cache {

static constexpr uint64_t kPieceBytes = kDigestGroup * kDigestChunkBytes;

// Reads [from, size()) piece by piece and calls `take(begin, bytes)` for each, from several threads at once; `begin`
// counts from `from`.
static Status eachPiece(const io::MappedFile &file, uint64_t from, unsigned threads, const auto &take) {
  const uint64_t bytes = file.size() - from, pieces = (bytes + kPieceBytes - 1) / kPieceBytes;
  std::atomic<uint64_t> next{0};
  std::mutex mutex; // guards status
  Status status;
  auto work = [&] {
    std::vector<uint8_t> buffer(std::min(bytes, kPieceBytes));
    for (uint64_t i; (i = next.fetch_add(1)) < pieces;) {
      const uint64_t begin = i * kPieceBytes;
      const std::span<uint8_t> piece(buffer.data(), std::min(kPieceBytes, bytes - begin));
      Status read = file.read(from + begin, piece);
      if (!read.isOk()) {
        const std::lock_guard lock(mutex);
        status = std::move(read);
        next = pieces;
        return;
      }
      take(begin, std::span<const uint8_t>(piece));
    }
  };
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < std::min<uint64_t>(threads, pieces); ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();
  return status;
}

Result<Digest> fileDigest(const io::MappedFile &file, uint64_t from, unsigned threads) {
  std::vector<Digest> chunks(chunkCount(file.size() - from));
  TENON_TRY(eachPiece(file, from, threads, [&](uint64_t begin, std::span<const uint8_t> piece) {
    chunkDigests(piece, std::span(chunks).subspan(begin / kDigestChunkBytes, chunkCount(piece.size())));
  }));
  return combineChunks(chunks);
}

Result<Digest> sourceFileDigest(const io::MappedFile &file, unsigned threads) {
  std::vector<Digest> pieces((file.size() + kPieceBytes - 1) / kPieceBytes);
  TENON_TRY(eachPiece(file, 0, threads, [&](uint64_t begin, std::span<const uint8_t> piece) {
    pieces[begin / kPieceBytes] = llvm::BLAKE3::hash<32>(llvm::ArrayRef(piece.data(), piece.size()));
  }));
  llvm::BLAKE3 all;
  for (const Digest &piece : pieces)
    all.update(llvm::ArrayRef(piece.data(), piece.size()));
  return all.final<32>();
}

static int64_t nanoseconds(const timespec &time) {
  int64_t result;
  if (__builtin_mul_overflow(static_cast<int64_t>(time.tv_sec), int64_t(1000000000), &result) ||
      __builtin_add_overflow(result, static_cast<int64_t>(time.tv_nsec), &result))
    return 0; // a time beyond 292 years: no time to compare with
  return result;
}

bool stampOf(int descriptor, Stamp &stamp, uint64_t &bytes) {
  struct stat info;
  if (fstat(descriptor, &info) != 0)
    return false;
  stamp = {info.st_ino, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
  bytes = static_cast<uint64_t>(info.st_size);
  return true;
}

} // namespace tenon::cache
