// A file that appears under its final name only when it is complete.
//
// Bytes go to an exclusive temporary beside the final name; commit() flushes it and renames it over the final name,
// which is atomic. Anything else (an error, destruction, SIGINT after removeTemporariesOnSignals) removes the temporary
// and leaves what was under the final name as it was. Ownership: move-only. Threads: write() may be called from many
// threads at once; create, resize and commit are for one.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/io/Temporaries.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tenon::io {

class OutputFile {
public:
  // Reserves `size` bytes on the file system at once (0: nothing is reserved and the file grows as it is written), so
  // that a disk that is too small is found before the work is done. A symbolic link at `path` is followed, also where
  // the file that it names is not there yet. Errors:
  // Usage when `path` is something other than a regular file or its folder does not exist, Resource when the disk is
  // full (with the bytes needed and free) or the folder cannot be written.
  static Result<OutputFile> create(const std::string &path, uint64_t size);

  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&other) noexcept;
  ~OutputFile();

  // The final name, with symbolic links resolved.
  const std::string &path() const { return path_; }

  // Writes all of `bytes` at `offset`. Ranges of concurrent calls must not overlap.
  Status write(uint64_t offset, std::span<const uint8_t> bytes);

  // Fills [to, to + bytes) with the blocks of an open file, which both then share. False where the file system cannot.
  bool shareFrom(int source, uint64_t from, uint64_t to, uint64_t bytes);

  // Fills the same range by a copy that keeps holes (of a file that was created with size 0). InvalidFile where the
  // source is too short.
  Status copyFrom(int source, uint64_t from, uint64_t to, uint64_t bytes);

  // Takes everyone's right to write the file, now and under its final name.
  Status makeReadOnly();

  // Cuts or extends (with zeros) the file to `size` bytes.
  Status resize(uint64_t size);

  // Gives the file another final name in the same folder, for names that depend on the content. `name` has no slash.
  void renameTo(const std::string &name);

  // Makes the content durable and gives it its name; call once, last. On error the temporary is gone and the name
  // untouched. Without `syncFolder` the new name may not outlive a power failure until another file of the folder is
  // committed.
  Status commit(bool syncFolder = true);

private:
  OutputFile() = default;
  void discard();
  Status writeError(const char *verb, uint64_t bytesNeeded, int error) const;

  std::string path_;
  std::string temporary_;
  std::optional<TemporaryRegistration> registration_;
  int fd_ = -1;
};

// Puts a hard link to the open file `source` under the name `path`, over what is there. False where the two are on
// different file systems, or the system refuses for another reason.
bool linkOver(int source, const std::string &path);

// What can be known of an output before the work for it is done. Usage when `output` can be no file, its folder does
// not exist, or it names (by whatever path or link) one of the files in `inputs`: writing it would destroy what is
// being read. Files that do not exist are nobody's input.
Status checkOutput(const std::string &output, std::span<const std::string> inputs);

// Usage when two outputs are one file, by whatever path or link: the second would replace the first.
Status checkDistinct(const std::string &output, const std::string &other);

} // namespace tenon::io
