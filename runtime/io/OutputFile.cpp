#include "runtime/io/OutputFile.h"

#include "runtime/io/CopyRange.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace tenon::io {

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A wrong name of an output is a wrong call, where that of an input is a missing file.
static Status outputError(std::string_view verb, const std::string &path, int error) {
  Status status = systemError(verb, path, error);
  return status.code() == Code::InvalidFile ? Status(Code::Usage, status.message() + "; write elsewhere") : status;
}

// What the symbolic link `path` says, as a name that holds from here; empty where there is no such link.
static std::string linkTarget(const std::string &path) {
  char text[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), text, sizeof text);
  if (length <= 0 || length == sizeof text)
    return "";
  const std::string target(text, static_cast<size_t>(length));
  return target[0] == '/' ? target : folderOf(path) + "/" + target;
}

// `path` as an absolute name without symbolic links. The file need not exist; its folder must.
static Result<std::string> resolve(const std::string &path, int linksLeft = 40) {
  struct stat info;
  char real[PATH_MAX];
  if (stat(path.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode))
      return Status(Code::Usage, "cannot write '" + path + "': the name belongs to a " +
                                     (S_ISDIR(info.st_mode) ? "folder" : "device or pipe") +
                                     "; give the name of a file");
    if (!realpath(path.c_str(), real))
      return systemError("resolve", path, errno);
    return std::string(real);
  }
  if (errno == ENOENT && linksLeft > 0)
    if (const std::string target = linkTarget(path); !target.empty())
      return resolve(target, linksLeft - 1);
  std::string folder = folderOf(path);
  std::string name = path.substr(path.rfind('/') + 1); // npos + 1 == 0: the whole path
  if (name.empty() || name == "." || name == "..")
    return Status(Code::Usage, "cannot write '" + path + "': it names no file");
  if (!realpath((folder + "/").c_str(), real)) { // the slash refuses a file
    if (errno == ENOENT || errno == ENOTDIR)
      return Status(Code::Usage, "cannot write '" + path + "': there is no folder '" + folder +
                                     "'; make it first (mkdir -p) or write elsewhere");
    return outputError("write below the folder", folder, errno);
  }
  std::string result = real;
  if (result.back() != '/')
    result += '/';
  return result + name;
}

// A name beside `path` that no other process uses. Random, so that processes with equal ids (in two containers, on one
// volume) never register each other's file. Empty where the system has no random numbers.
static std::string temporaryName(const std::string &path) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    return "";
  char suffix[32];
  snprintf(suffix, sizeof suffix, ".tmp-%016llx", static_cast<unsigned long long>(random));
  return path + suffix;
}

Result<OutputFile> OutputFile::create(const std::string &path, uint64_t size) {
  OutputFile file;
  TENON_ASSIGN(file.path_, resolve(path));
  if (size > static_cast<uint64_t>(INT64_MAX))
    return Status(Code::Resource,
                  "cannot write '" + path + "': " + std::to_string(size) + " bytes exceed any file system");

  for (int attempt = 0; file.fd_ < 0; ++attempt) {
    file.temporary_ = temporaryName(file.path_);
    if (file.temporary_.empty())
      return systemError("name a temporary for", path, errno);
    // Registered first: a signal between the two lines then unlinks a name that does not exist, which is harmless.
    file.registration_.emplace(file.temporary_);
    if (!file.registration_->isHeld())
      return Status(Code::Resource, "cannot write '" + path + "': too many unfinished output files in this process");
    file.fd_ = open(file.temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file.fd_ < 0 && !(errno == EEXIST && attempt < 3) && errno != EINTR)
      return outputError("create", file.temporary_, errno);
  }
  if (size == 0)
    return file;

  // fallocate, not posix_fallocate: where the file system cannot reserve, the latter would write every block.
  int failed;
  do
    failed = fallocate(file.fd_, 0, 0, static_cast<off_t>(size));
  while (failed && errno == EINTR);
  if (failed && errno != EOPNOTSUPP && errno != ENOSYS)
    return file.writeError("reserve", size, errno);
  if (failed)
    TENON_TRY(file.resize(size));
  return file;
}

Status OutputFile::writeError(const char *verb, uint64_t bytesNeeded, int error) const {
  if (error != ENOSPC && error != EDQUOT && error != EFBIG)
    return systemError(verb, path_, error);
  struct statvfs info;
  std::string freeBytes = "an unknown number of";
  if (fstatvfs(fd_, &info) == 0)
    freeBytes = std::to_string(uint64_t(info.f_bavail) * info.f_frsize);
  return Status(Code::Resource, std::string("cannot ") + verb + " '" + path_ + "': " + errorText(error) + "; needed " +
                                    std::to_string(bytesNeeded) + " bytes, " + freeBytes + " bytes are free in '" +
                                    folderOf(path_) + "'; free some space or write elsewhere");
}

Status OutputFile::write(uint64_t offset, std::span<const uint8_t> bytes) {
  uint64_t end;
  if (__builtin_add_overflow(offset, bytes.size(), &end) || end > static_cast<uint64_t>(INT64_MAX))
    return writeError("write", bytes.size(), EFBIG);
  size_t done = 0;
  while (done < bytes.size()) {
    size_t chunk = std::min<size_t>(bytes.size() - done, size_t(1) << 30);
    ssize_t put = pwrite(fd_, bytes.data() + done, chunk, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return writeError("write", bytes.size() - done, errno);
    done += static_cast<size_t>(put);
  }
  return Status::ok();
}

Status OutputFile::resize(uint64_t size) {
  int failed;
  do
    failed = ftruncate(fd_, static_cast<off_t>(size));
  while (failed && errno == EINTR);
  return failed ? writeError("resize", size, errno) : Status::ok();
}

void OutputFile::renameTo(const std::string &name) {
  assert(!name.empty() && name.find('/') == std::string::npos && "a plain file name");
  path_ = path_.substr(0, path_.rfind('/') + 1) + name;
}

bool OutputFile::shareFrom(int source, uint64_t from, uint64_t to, uint64_t bytes) {
  return reflinkRange(source, from, fd_, to, bytes);
}

Status OutputFile::copyFrom(int source, uint64_t from, uint64_t to, uint64_t bytes) {
  const int error = copyRange(source, from, fd_, to, bytes);
  if (error == ENODATA)
    return Status(Code::InvalidFile,
                  "cannot copy into '" + path_ + "': the source ends before byte " + std::to_string(from + bytes));
  return error ? writeError("write", bytes, error) : Status::ok();
}

Status OutputFile::makeReadOnly() { return fchmod(fd_, 0444) ? writeError("protect", 0, errno) : Status::ok(); }

Status OutputFile::commit(bool syncFolder) {
  int failed;
  do
    failed = fdatasync(fd_);
  while (failed && errno == EINTR);
  struct stat info;
  if (failed) {
    int error = errno;
    Status status = writeError("flush", fstat(fd_, &info) == 0 ? uint64_t(info.st_size) : 0, error);
    discard();
    return status;
  }
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    Status status = outputError("give the finished file its name", path_, errno);
    discard();
    return status;
  }
  registration_.reset(); // the temporary's name is gone; nothing is left to remove
  close(std::exchange(fd_, -1));
  // The new directory entry reaches the disk as well. Some file systems cannot sync a folder; the file is complete
  // anyway.
  if (!syncFolder)
    return Status::ok();
  if (int folder = open(folderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
    (void)fsync(folder);
    close(folder);
  }
  return Status::ok();
}

void OutputFile::discard() {
  if (fd_ < 0)
    return;
  unlink(temporary_.c_str());
  close(std::exchange(fd_, -1));
  registration_.reset();
}

OutputFile::OutputFile(OutputFile &&other) noexcept { *this = std::move(other); }

OutputFile &OutputFile::operator=(OutputFile &&other) noexcept {
  if (this == &other)
    return *this;
  discard();
  path_ = std::move(other.path_);
  temporary_ = std::move(other.temporary_);
  registration_ = std::move(other.registration_);
  other.registration_.reset();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

OutputFile::~OutputFile() { discard(); }

bool linkOver(int source, const std::string &path) {
  auto resolved = resolve(path);
  if (!resolved.isOk())
    return false;
  const std::string temporary = temporaryName(*resolved);
  const std::string open = "/proc/self/fd/" + std::to_string(source);
  TemporaryRegistration registration(temporary);
  if (temporary.empty() || !registration.isHeld() ||
      linkat(AT_FDCWD, open.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return false;
  const bool renamed = rename(temporary.c_str(), resolved->c_str()) == 0;
  unlink(temporary.c_str()); // still there where the rename failed, or where both names are the same file's
  return renamed;
}

Status checkOutput(const std::string &output, std::span<const std::string> inputs) {
  TENON_TRY(resolve(output).status());
  struct stat target, input;
  if (stat(output.c_str(), &target) != 0)
    return Status::ok();
  for (const std::string &path : inputs)
    if (stat(path.c_str(), &input) == 0 && input.st_dev == target.st_dev && input.st_ino == target.st_ino)
      return Status(Code::Usage, "cannot write '" + output + "': it is the input '" + path + "'; give another name");
  return Status::ok();
}

Status checkDistinct(const std::string &output, const std::string &other) {
  TENON_ASSIGN(const std::string first, resolve(output));
  TENON_ASSIGN(const std::string second, resolve(other));
  struct stat a, b;
  if (first == second ||
      (stat(output.c_str(), &a) == 0 && stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino))
    return Status(Code::Usage,
                  "cannot write '" + output + "': it is the output '" + other + "', too; give another name");
  return Status::ok();
}

} // namespace tenon::io
