#include "compiler/driver/Depfile.h"

#include "runtime/base/Bytes.h"
#include "runtime/base/Json.h"
#include "runtime/io/OutputFile.h"

namespace tenon {

// A space or # ends a word unless a backslash precedes it, and the backslashes before that one then count in pairs; a
// dollar sign is doubled; a colon would start another kind of rule, and so would a percent sign in a target. Among the
// prerequisites a percent sign is one like any other, and a backslash before it would be part of the name.
static Result<std::string> escape(const std::string &path, bool isTarget) {
  std::string out;
  size_t backslashes = 0; // that `out` ends in
  for (const char c : path) {
    if (c == '\n')
      return Status(Code::Usage,
                    "--depfile: " + quoteForMessage(path) + ": a Make rule cannot name a path with a newline");
    if (c == ' ' || c == '\t' || c == '#' || c == ':' || (c == '%' && isTarget))
      out.append(backslashes + 1, '\\');
    if (c == '$')
      out += '$';
    out += c;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  return out;
}

Result<std::string> depfileText(const std::string &target, const std::vector<std::string> &inputs) {
  TENON_ASSIGN(std::string text, escape(target, /*isTarget=*/true));
  text += ":";
  std::string alone;
  for (const std::string &input : inputs) {
    TENON_ASSIGN(const std::string word, escape(input, /*isTarget=*/false));
    text += " \\\n  " + word;
    if (input.find('%') == std::string::npos) // make and ninja do not agree on how such a target is written
      alone += word + ":\n";
  }
  return text + "\n" + alone;
}

Status writeDepfile(const std::string &path, const std::string &target, const std::vector<std::string> &inputs) {
  TENON_ASSIGN(const std::string text, depfileText(target, inputs));
  TENON_ASSIGN(io::OutputFile file, io::OutputFile::create(path, 0));
  TENON_TRY(file.write(0, bytesOf(text)));
  return file.commit();
}

} // namespace tenon
