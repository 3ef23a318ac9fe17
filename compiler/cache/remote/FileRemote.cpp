// file:///DIR: a folder that machines share, over NFS for example. Files appear by rename. DIR must be there: a mount
// that is missing is not to fill the disk below it.
#include "compiler/cache/remote/Transport.h"
#include "runtime/io/MappedFile.h"
#include "runtime/io/OutputFile.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace tenon::cache {
namespace {

constexpr uint64_t kPiece = 1 << 20;

class FileRemote final : public Transport {
public:
  FileRemote(std::string folder, Patience &patience) : folder_(std::move(folder)), patience_(patience) {}

  Result<bool> get(const std::string &name, uint64_t maxBytes, const Sink &sink) override {
    patience_.startRequest();
    TENON_ASSIGN(const bool there, has(name));
    if (!there)
      return false;
    TENON_ASSIGN(const io::MappedFile file, io::MappedFile::open(path(name)));
    if (file.size() > maxBytes)
      return Status(Code::InvalidFile, "'" + path(name) + "' has " + std::to_string(file.size()) + " bytes, at most " +
                                           std::to_string(maxBytes) + " expected");
    std::vector<uint8_t> buffer(std::min(file.size(), kPiece));
    for (uint64_t at = 0; at < file.size(); at += kPiece) {
      const std::span<uint8_t> piece(buffer.data(), std::min(kPiece, file.size() - at));
      TENON_TRY(file.read(at, piece));
      TENON_TRY(sink(piece));
      TENON_TRY(goOn(name, at + piece.size()));
    }
    patience_.endRequest(file.size());
    return true;
  }

  Result<bool> has(const std::string &name) override {
    struct stat info;
    if (stat(path(name).c_str(), &info) == 0)
      return S_ISREG(info.st_mode) ? Result<bool>(true)
                                   : Status(Code::Resource, "'" + path(name) + "' is no regular file");
    const int error = errno;
    if (error != ENOENT)
      return io::systemError("inspect", path(name), error);
    if (stat(folder_.c_str(), &info) != 0)
      return Status(Code::Resource, "cannot inspect '" + folder_ + "': " + io::errorText(errno));
    return false;
  }

  Result<bool> put(const std::string &name, const Body &body) override {
    patience_.startRequest();
    const std::string target = path(name), folder = target.substr(0, target.rfind('/'));
    if (mkdir(folder.c_str(), 0775) != 0 && errno != EEXIST)
      return takesNothing(errno) ? Result<bool>(false) : io::systemError("make the folder", folder, errno);
    if (access(folder.c_str(), W_OK) != 0 && takesNothing(errno))
      return false;
    TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(target, body.bytes));
    std::vector<uint8_t> buffer(std::min(body.bytes, kPiece));
    for (uint64_t at = 0; at < body.bytes; at += kPiece) {
      const std::span<uint8_t> piece(buffer.data(), std::min(kPiece, body.bytes - at));
      TENON_TRY(body.read(at, piece));
      TENON_TRY(file.write(at, piece));
      TENON_TRY(goOn(name, at + piece.size()));
    }
    TENON_TRY(file.makeReadOnly());
    TENON_TRY(file.commit());
    patience_.endRequest(body.bytes);
    return true;
  }

private:
  static bool takesNothing(int error) { return error == EACCES || error == EPERM || error == EROFS; }
  std::string path(const std::string &name) const { return folder_ + "/" + name; }

  Status goOn(const std::string &name, uint64_t bytes) {
    return patience_.mayGoOn(bytes)
               ? Status::ok()
               : Status(Code::Resource, "'" + path(name) + "' is too slow: " + std::to_string(bytes) + " bytes so far");
  }

  std::string folder_;
  Patience &patience_;
};

} // namespace

Result<std::unique_ptr<Transport>> openFileRemote(const std::string &url, Patience &patience) {
  constexpr size_t kScheme = 7; // file://
  if (url.find('%') != std::string::npos)
    return Status(Code::Usage, "--cache-remote " + url + ": write the folder's name as it is, without % codes");
  return std::unique_ptr<Transport>(std::make_unique<FileRemote>(url.substr(kScheme), patience));
}

} // namespace tenon::cache
