// A regular file, opened read-only and mapped whole; or the bytes of one that the caller has in memory.
//
// Its bytes are untrusted: whoever parses them checks every offset against size(). The size is the one seen at open; a
// file that another process shortens afterwards raises SIGBUS when a lost page is touched (bytes()), whereas read()
// reports it as an error. Use read() for bulk copies in bounded memory: pages touched through bytes() count as
// resident. Ownership: move-only; unmaps and closes on destruction. Threads: all const methods may be called from any
// thread.
#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon::io {

class MappedFile {
public:
  // Errors: InvalidFile (absent, a directory, a pipe or device), Resource (permission, descriptors, address space).
  // An empty file opens; its bytes() are empty.
  static Result<MappedFile> open(const std::string &path);
  // Bytes that outlive the MappedFile and stay as they are, as if they were a file; messages call it `name`.
  static MappedFile view(std::string name, std::span<const uint8_t> bytes);

  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  const std::string &path() const { return path_; }
  uint64_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data_, static_cast<size_t>(size_)}; }
  // The open descriptor, for what needs the very file that is mapped (fstat, reflinks). Stays the MappedFile's; -1 for
  // a view.
  int descriptor() const { return fd_; }

  // Copies [offset, offset + out.size()) by pread, so no page of the mapping becomes resident.
  // Errors: InvalidFile when the range is not within the file (or the file has shrunk), Resource when the read fails.
  Status read(uint64_t offset, std::span<uint8_t> out) const;

private:
  MappedFile() = default;
  void reset();

  std::string path_;
  const uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
  int fd_ = -1;
};

} // namespace tenon::io
