#include "compiler/cache/remote/Zstd.h"

#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace tenon::cache {
namespace {

constexpr int kLevel = 1;         // packed weights hardly compress: speed counts
constexpr int kMaxWindowLog = 23; // 8 MiB; level 1 needs 512 KiB
constexpr uint64_t kPiece = 4 << 20;

Status writeAt(int fd, uint64_t offset, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return io::systemError("write", "a compressed part", errno);
    offset += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return Status::ok();
}

Status readAt(int fd, uint64_t offset, std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return io::systemError("read", "a compressed part", got < 0 ? errno : EIO);
    offset += static_cast<uint64_t>(got);
    out = out.subspan(static_cast<size_t>(got));
  }
  return Status::ok();
}

// A file without a name, so that nothing is left behind however the process ends.
int unnamedFile(const std::string &folder) {
  int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  std::string name = folder + "/part.tmp-XXXXXX"; // file systems without O_TMPFILE
  fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd >= 0)
    unlink(name.c_str());
  return fd;
}

} // namespace

uint64_t compressedBound(uint64_t bytes) {
  constexpr uint64_t kHeader = 64;
  return bytes > UINT64_MAX / 2 ? UINT64_MAX : bytes + bytes / 128 + kHeader;
}

Result<Compressed> Compressed::make(const io::MappedFile &file, const std::string &folder, unsigned threads) {
  Compressed made(unnamedFile(folder), 0);
  if (made.fd_ < 0)
    return io::systemError("make a temporary in", folder, errno);
  TENON_ASSIGN(const Compressor context, makeCompressor(kLevel));
  ZSTD_CCtx_setPledgedSrcSize(context.get(), file.size());
  if (threads > 1) // a zstd without threads refuses, and works on one
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_nbWorkers, static_cast<int>(std::min(threads, 8u)));
  std::vector<uint8_t> from(std::min(file.size(), kPiece)), to(ZSTD_CStreamOutSize());
  for (uint64_t at = 0, size = 0; at == 0 || at < file.size(); at += size) {
    size = std::min(kPiece, file.size() - at);
    TENON_TRY(file.read(at, std::span(from).first(size)));
    ZSTD_inBuffer in = {from.data(), size, 0};
    const bool last = at + size == file.size();
    for (size_t left = 1; last ? left != 0 : in.pos < in.size;) {
      ZSTD_outBuffer out = {to.data(), to.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left))
        return Status(Code::Resource, std::string("zstd: ") + ZSTD_getErrorName(left));
      TENON_TRY(writeAt(made.fd_, made.bytes_, std::span(to).first(out.pos)));
      made.bytes_ += out.pos;
    }
    if (last)
      break;
  }
  return made;
}

Compressed::~Compressed() {
  if (fd_ >= 0)
    close(fd_);
}

Body Compressed::body() const {
  return {bytes_, [fd = fd_](uint64_t offset, std::span<uint8_t> out) { return readAt(fd, offset, out); }};
}

Result<Inflater> Inflater::create(Sink sink) {
  TENON_ASSIGN(Decompressor context, makeDecompressor(kMaxWindowLog));
  return Inflater(std::move(sink), std::move(context));
}

Inflater::Inflater(Sink sink, Decompressor context)
    : sink_(std::move(sink)), context_(std::move(context)), buffer_(1 << 20) {}

Status Inflater::write(std::span<const uint8_t> bytes) {
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  for (bool full = false; in.pos < in.size || full;) {
    if (ended_)
      return Status(Code::Integrity, "something comes after the end of the compressed bytes");
    ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
    const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left))
      return Status(Code::Integrity, std::string("not what was compressed: ") + ZSTD_getErrorName(left));
    ended_ = left == 0;
    full = !ended_ && out.pos == out.size;
    TENON_TRY(sink_(std::span<const uint8_t>(buffer_).first(out.pos)));
  }
  return Status::ok();
}

Status Inflater::finish() const {
  return ended_ ? Status::ok() : Status(Code::Integrity, "the compressed bytes were cut off");
}

} // namespace tenon::cache
