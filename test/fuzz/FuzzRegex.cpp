// Regular expressions of tokenizers from hostile bytes: the expression, a NUL byte, and text. What compiles cuts the
// text without gaps, on character boundaries, or gives up with a message.
#include "runtime/text/Pattern.h"
#include "runtime/text/Unicode.h"
#include "test/fuzz/Require.h"

using namespace tenon;
using namespace tenon::text;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = std::min(input.find('\0'), input.size());
  std::string_view expression = input.substr(0, end), text = input.substr(end).substr(end < size ? 1 : 0, 256);
  auto pattern = Pattern::fromRegex(expression);
  if (!pattern.isOk()) {
    require(!pattern.status().message().empty());
    return 0;
  }
  if (text.empty() || !isUtf8(text))
    text = "It's a te\xC3\xA9st, 123 \xE4\xB8\xAD\xE6\x96\x87\n\n  ";
  std::vector<Match> matches;
  Status status = pattern->cut(text, matches);
  if (!status.isOk()) {
    require(status.code() == Code::Resource);
    return 0;
  }
  size_t at = 0;
  for (const Match &match : matches) {
    require(match.begin == at && match.end >= match.begin && match.end <= text.size());
    require(match.end == text.size() || (static_cast<unsigned char>(text[match.end]) & 0xC0) != 0x80);
    at = match.end;
  }
  require(at == text.size());
  return 0;
}
