// Parts as they travel: one zstd frame each, made and read in bounded memory.
#pragma once

#include "compiler/cache/ZstdContext.h"
#include "compiler/cache/remote/Transport.h"
#include "runtime/io/MappedFile.h"

#include <vector>

namespace tenon::cache {

// The most that `bytes` can take compressed: what exceeds it is no frame of ours.
uint64_t compressedBound(uint64_t bytes);

// A compressed copy in an unnamed file, which goes away with it.
class Compressed {
public:
  // Compresses `file` into a file of `folder`, on up to `threads` threads. Errors: Resource, InvalidFile.
  static Result<Compressed> make(const io::MappedFile &file, const std::string &folder, unsigned threads);

  Compressed(Compressed &&other) noexcept : fd_(std::exchange(other.fd_, -1)), bytes_(other.bytes_) {}
  Compressed &operator=(Compressed &&) = delete;
  ~Compressed();

  // Lives no longer than this object.
  Body body() const;

private:
  Compressed(int fd, uint64_t bytes) : fd_(fd), bytes_(bytes) {}
  int fd_;
  uint64_t bytes_;
};

// Decompresses what arrives. It gives no more to `sink` than arrived, whatever the frame says: sinks bound it.
class Inflater {
public:
  static Result<Inflater> create(Sink sink); // Resource

  // Integrity for bytes that are no frame, or come after its end; the sink's errors.
  Status write(std::span<const uint8_t> bytes);
  // Integrity where the frame has not ended.
  Status finish() const;

private:
  Inflater(Sink sink, Decompressor context);
  Sink sink_;
  Decompressor context_;
  std::vector<uint8_t> buffer_;
  bool ended_ = false;
};

} // namespace tenon::cache
