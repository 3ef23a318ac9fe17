#include "compiler/cache/FileDigest.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <sys/stat.h>
#include <thread>

namespace tenon::cache {

static constexpr uint64_t kPieceBytes = kDigestGroup * kDigestChunkBytes;

Result<Digest> fileDigest(const io::MappedFile &file, uint64_t from, unsigned threads) {
  const uint64_t bytes = file.size() - from, pieces = (bytes + kPieceBytes - 1) / kPieceBytes;
  std::vector<Digest> chunks(chunkCount(bytes));
  std::atomic<uint64_t> next{0};
  std::mutex mutex; // guards status
  Status status;
  auto work = [&] {
    std::vector<uint8_t> buffer(std::min(bytes, kPieceBytes));
    for (uint64_t i; (i = next.fetch_add(1)) < pieces;) {
      const uint64_t begin = i * kPieceBytes, size = std::min(kPieceBytes, bytes - begin);
      const std::span<uint8_t> piece(buffer.data(), size);
      Status read = file.read(from + begin, piece);
      if (!read.isOk()) {
        const std::lock_guard lock(mutex);
        status = std::move(read);
        next = pieces;
        return;
      }
      chunkDigests(piece, std::span(chunks).subspan(begin / kDigestChunkBytes, chunkCount(size)));
    }
  };
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < std::min<uint64_t>(threads, pieces); ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();
  if (!status.isOk())
    return status;
  return combineChunks(chunks);
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
