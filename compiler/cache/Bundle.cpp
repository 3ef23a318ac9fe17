#include "compiler/cache/Bundle.h"

#include "compiler/cache/ArrivingPart.h"
#include "compiler/cache/ZstdContext.h"
#include "runtime/base/Bytes.h"

#include <algorithm>
#include <cstring>

namespace tenon::cache {
namespace {

constexpr std::string_view kMagic = "tenon cache bundle 1\n";
constexpr size_t kPiece = kDigestChunkBytes;

Status damaged(const std::string &path, const std::string &what, Code code = Code::InvalidFile) {
  return Status(code, path + ": not a bundle of cache entries: " + what);
}

// Compresses into a file as it goes.
class Writer {
public:
  Writer(io::OutputFile file, Compressor context) : file_(std::move(file)), context_(std::move(context)) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  Status write(std::span<const uint8_t> bytes, ZSTD_EndDirective end = ZSTD_e_continue) {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    for (size_t left = 1; left != 0;) {
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &out, &in, end);
      if (ZSTD_isError(left))
        return Status(Code::Resource, std::string("zstd: ") + ZSTD_getErrorName(left));
      TENON_TRY(file_.write(at_, std::span(buffer_).first(out.pos)));
      at_ += out.pos;
      if (end == ZSTD_e_continue && in.pos == in.size)
        return Status::ok();
    }
    return Status::ok();
  }
  Status finish() {
    TENON_TRY(write({}, ZSTD_e_end));
    return file_.commit();
  }

private:
  io::OutputFile file_;
  Compressor context_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(ZSTD_CStreamOutSize());
  uint64_t at_ = 0;
};

// Gives decompressed bytes in order.
class Reader {
public:
  Reader(const io::MappedFile &file, Decompressor context) : file_(file), context_(std::move(context)) {}
  // Fills all of `bytes`.
  Status read(std::span<uint8_t> bytes) {
    ZSTD_outBuffer out = {bytes.data(), bytes.size(), 0};
    while (out.pos < out.size) {
      if (in_.pos == in_.size)
        TENON_TRY(refill());
      TENON_TRY(decompress(out));
    }
    return Status::ok();
  }

  // Nothing is left: zstd has seen its checksum, and the file ends there.
  Status finish() {
    while (!frameEnded_) {
      if (in_.pos == in_.size)
        TENON_TRY(refill());
      ZSTD_outBuffer none = {nullptr, 0, 0};
      TENON_TRY(decompress(none));
    }
    return in_.pos == in_.size && at_ == file_.size() ? Status::ok()
                                                      : damaged(file_.path(), "something comes after its end");
  }

private:
  Status decompress(ZSTD_outBuffer &out) {
    const size_t left = ZSTD_decompressStream(context_.get(), &out, &in_);
    frameEnded_ = left == 0;
    return ZSTD_isError(left) ? damaged(file_.path(), ZSTD_getErrorName(left)) : Status::ok();
  }

  Status refill() {
    const uint64_t size = std::min<uint64_t>(buffer_.size(), file_.size() - at_);
    if (size == 0)
      return damaged(file_.path(), "it was cut off");
    TENON_TRY(file_.read(at_, std::span(buffer_).first(size)));
    at_ += size;
    in_ = {buffer_.data(), size, 0};
    return Status::ok();
  }

  const io::MappedFile &file_;
  Decompressor context_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(ZSTD_DStreamInSize());
  ZSTD_inBuffer in_ = {nullptr, 0, 0};
  uint64_t at_ = 0;
  bool frameEnded_ = false;
};

Status writeSize(Writer &writer, uint32_t size) {
  const uint8_t bytes[4] = {static_cast<uint8_t>(size), static_cast<uint8_t>(size >> 8),
                            static_cast<uint8_t>(size >> 16), static_cast<uint8_t>(size >> 24)};
  return writer.write(bytes);
}

Status writeEntry(Writer &writer, const Entry &entry) {
  const std::string text = manifestText(entry.manifest);
  TENON_TRY(writeSize(writer, static_cast<uint32_t>(text.size())));
  TENON_TRY(writer.write(bytesOf(text)));
  std::vector<uint8_t> buffer(kPiece);
  for (const io::MappedFile &file : entry.files)
    for (uint64_t at = 0; at < file.size(); at += kPiece) {
      const std::span<uint8_t> piece(buffer.data(), std::min<uint64_t>(kPiece, file.size() - at));
      TENON_TRY(file.read(at, piece));
      TENON_TRY(writer.write(piece));
    }
  return Status::ok();
}

// The next part, into a temporary of the cache.
Result<NewPart> readPart(Reader &reader, Store &store, const Key &key, const Part &part, const std::string &path) {
  auto arriving = ArrivingPart::create(store, key, part);
  if (!arriving.isOk())
    return std::move(arriving).status().within(path);
  std::vector<uint8_t> buffer(kPiece);
  for (uint64_t at = 0; at < part.bytes; at += kPiece) {
    const std::span<uint8_t> piece(buffer.data(), std::min<uint64_t>(kPiece, part.bytes - at));
    TENON_TRY(reader.read(piece));
    TENON_TRY(arriving->write(piece));
  }
  auto made = arriving->finish();
  return made.isOk() ? std::move(made) : std::move(made).status().within(path);
}

Status readEntry(Reader &reader, Store &store, Manifest manifest, const std::string &path) {
  const Key key = manifest.key;
  if (!store.accepts(manifest.bytes()))
    return Status(Code::Constraint, path + ": " + key.text() + " is not kept: " + store.refusal(manifest.bytes()));
  auto lock = store.lock(key);
  if (!lock)
    return Status(Code::Resource, path + ": " + key.text() + " cannot be stored: another process is at work on it");
  std::vector<NewPart> parts;
  for (const Part &part : manifest.parts) {
    TENON_ASSIGN(NewPart made, readPart(reader, store, key, part, path));
    parts.push_back(std::move(made));
  }
  return store.publish(*lock, key, std::move(manifest.fields), std::move(manifest.notes), parts).status();
}

} // namespace

Result<Shipped> exportBundle(Store &store, const std::vector<Key> &keys, const std::string &path) {
  Shipped shipped;
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(path, 0));
  TENON_ASSIGN(Compressor context, makeCompressor(3));
  Writer writer(std::move(file), std::move(context));
  TENON_TRY(writer.write(bytesOf(kMagic)));
  for (const Key &key : keys) {
    const auto entry = store.find(key);
    if (!entry)
      return Status(Code::InvalidFile, key.text() + " is not in the cache, or damaged");
    TENON_TRY(writeEntry(writer, *entry));
    ++shipped.entries;
    shipped.bytes += entry->manifest.bytes();
  }
  TENON_TRY(writeSize(writer, 0));
  TENON_TRY(writer.finish());
  return shipped;
}

Result<Shipped> importBundle(Store &store, const std::string &path) {
  Shipped shipped;
  TENON_ASSIGN(const io::MappedFile file, io::MappedFile::open(path));
  TENON_ASSIGN(Decompressor context, makeDecompressor(27)); // at most 128 MiB of memory
  Reader reader(file, std::move(context));
  std::string magic(kMagic.size(), '\0');
  TENON_TRY(reader.read({reinterpret_cast<uint8_t *>(magic.data()), magic.size()}));
  if (magic != kMagic)
    return damaged(path, "it does not begin as one");
  for (;;) {
    uint8_t size[4];
    TENON_TRY(reader.read(size));
    const uint32_t bytes =
        uint32_t(size[0]) | uint32_t(size[1]) << 8 | uint32_t(size[2]) << 16 | uint32_t(size[3]) << 24;
    if (bytes == 0) {
      TENON_TRY(reader.finish());
      return shipped;
    }
    if (bytes > kMaxManifestBytes)
      return damaged(path, "a manifest of " + std::to_string(bytes) + " bytes");
    std::string text(bytes, '\0');
    TENON_TRY(reader.read({reinterpret_cast<uint8_t *>(text.data()), text.size()}));
    auto manifest = parseManifest(text);
    if (!manifest.isOk())
      return std::move(manifest).status().within(path);
    const uint64_t partBytes = manifest->bytes();
    TENON_TRY(readEntry(reader, store, *std::move(manifest), path));
    ++shipped.entries;
    shipped.bytes += partBytes;
  }
}

} // namespace tenon::cache
