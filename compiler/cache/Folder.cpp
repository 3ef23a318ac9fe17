#include "compiler/cache/Folder.h"

#include "runtime/io/SystemError.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>

namespace tenon::cache {

Status makeFolder(const std::string &path, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Status::ok();
  const std::string end = path.substr(0, path.find_last_not_of('/') + 1);
  if (const size_t slash = end.rfind('/'); slash != std::string::npos && slash > 0)
    TENON_TRY(makeFolder(end.substr(0, slash), mode));
  if (mkdir(path.c_str(), mode) == 0)
    return Status::ok();
  const int reason = errno;
  if (std::filesystem::is_directory(path, error)) // another process was faster
    return Status::ok();
  return Status(Code::Resource, "cannot make the folder '" + path + "': " + io::errorText(reason));
}

} // namespace tenon::cache
