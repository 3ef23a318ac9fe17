#include "compiler/cache/Manifest.h"

#include "runtime/base/Checked.h"

#include <algorithm>
#include <charconv>

namespace tenon::cache {
namespace {

constexpr std::string_view kMagic = "tenon cache entry 1";

void escape(std::string &out, std::string_view text, bool isName) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\')
      out += "\\\\";
    else if (byte < 0x20 || byte == 0x7F || (isName && c == ' '))
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      out += c;
  }
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out += '\\';
      ++i;
    } else {
      if (i + 3 >= text.size() || text[i + 1] != 'x' || hexDigit(text[i + 2]) < 0 || hexDigit(text[i + 3]) < 0)
        return std::nullopt;
      out += static_cast<char>(hexDigit(text[i + 2]) * 16 + hexDigit(text[i + 3]));
      i += 3;
    }
  }
  return out;
}

void addPairs(std::string &out, std::string_view word, const Fields &pairs) {
  for (const auto &[name, value] : pairs) {
    out.append(word).append(" ");
    escape(out, name, true);
    out += " = ";
    escape(out, value, false);
    out += '\n';
  }
}

template <typename Number> bool readNumber(std::string_view &text, Number &out) {
  const std::string_view word = text.substr(0, text.find(' '));
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  if (error != std::errc() || end != word.data() + word.size())
    return false;
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return true;
}

bool readDigest(std::string_view &text, Digest &out) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  if (word == "none") {
    out = {};
    return true;
  }
  if (!isHexDigest(word))
    return false;
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<uint8_t>(hexDigit(word[2 * i]) * 16 + hexDigit(word[2 * i + 1]));
  return true;
}

bool readPart(std::string_view text, Part &part) {
  part.name = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), part.name.size() + 1));
  const bool plain = !part.name.empty() && part.name.size() <= 16 && part.name != "manifest" && part.name != "lock" &&
                     std::all_of(part.name.begin(), part.name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return plain && readNumber(text, part.bytes) && readNumber(text, part.prefix) &&
         readDigest(text, part.prefixDigest) && readDigest(text, part.digest) && readNumber(text, part.stamp.inode) &&
         readNumber(text, part.stamp.modified) && readNumber(text, part.stamp.changed) && text.empty() &&
         part.prefix <= part.bytes;
}

std::string digestWord(const Digest &digest) { return digest == Digest{} ? "none" : toHex(digest); }

Status damaged(const std::string &what) {
  return Status(Code::InvalidFile, "not the manifest of a cache entry: " + what);
}

// "NAME = VALUE", in ascending order of names.
bool readPair(std::string_view text, Fields &into) {
  const size_t space = text.find(" = ");
  if (space == std::string_view::npos)
    return false;
  auto name = unescape(text.substr(0, space)), value = unescape(text.substr(space + 3));
  if (!name || !value || (!into.empty() && into.rbegin()->first >= *name))
    return false;
  into.emplace_hint(into.end(), *std::move(name), *std::move(value));
  return true;
}

bool readLine(std::string_view line, Manifest &manifest) {
  const std::string_view word = line.substr(0, line.find(' '));
  const std::string_view rest = line.substr(std::min(line.size(), word.size() + 1));
  if (word == "field")
    return readPair(rest, manifest.fields);
  if (word == "note")
    return readPair(rest, manifest.notes);
  Part part;
  if (word != "part" || manifest.parts.size() == kMaxParts || !readPart(rest, part) || manifest.find(part.name))
    return false;
  manifest.parts.push_back(std::move(part));
  return true;
}

} // namespace

const Part *Manifest::find(std::string_view name) const {
  for (const Part &part : parts)
    if (part.name == name)
      return &part;
  return nullptr;
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (const Part &part : parts)
    if (!checkedAdd(sum, part.bytes, sum))
      return UINT64_MAX;
  return sum;
}

std::optional<Key> weightsOf(const Manifest &manifest) {
  const auto note = manifest.notes.find(kWeightsNote);
  if (manifest.key.kind != Kind::Engine || note == manifest.notes.end() || !isHexDigest(note->second))
    return std::nullopt;
  return Key{Kind::Weights, note->second};
}

std::string manifestText(const Manifest &manifest) {
  std::string text(kMagic);
  text += "\nkind " + std::string(kindName(manifest.key.kind)) + "\nkey " + manifest.key.hex + "\n";
  addPairs(text, "field", manifest.fields);
  addPairs(text, "note", manifest.notes);
  for (const Part &part : manifest.parts)
    text += "part " + part.name + " " + std::to_string(part.bytes) + " " + std::to_string(part.prefix) + " " +
            digestWord(part.prefixDigest) + " " + digestWord(part.digest) + " " + std::to_string(part.stamp.inode) +
            " " + std::to_string(part.stamp.modified) + " " + std::to_string(part.stamp.changed) + "\n";
  return text + "sum " + blake3Hex(text) + "\n";
}

Result<Manifest> parseManifest(std::string_view text) {
  constexpr size_t kSumLine = 4 + 64 + 1;
  if (text.size() > kMaxManifestBytes)
    return damaged(std::to_string(text.size()) + " bytes, at most " + std::to_string(kMaxManifestBytes) + " expected");
  if (text.size() < kSumLine || !text.substr(text.size() - kSumLine).starts_with("sum ") || text.back() != '\n')
    return damaged("it does not end in a sum: it was cut off");
  std::string_view lines = text.substr(0, text.size() - kSumLine);
  if (text.substr(lines.size() + 4, 64) != blake3Hex(lines))
    return damaged("its sum does not match");
  Manifest manifest;
  size_t number = 0;
  for (; !lines.empty(); ++number) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    bool good = true;
    if (number == 0)
      good = line == kMagic;
    else if (number == 1) {
      const auto kind = parseKind(line.starts_with("kind ") ? line.substr(5) : std::string_view());
      good = kind.has_value();
      manifest.key.kind = kind.value_or(Kind::Code);
    } else if (number == 2) {
      good = line.starts_with("key ") && isHexDigest(line.substr(4));
      manifest.key.hex = line.substr(std::min<size_t>(line.size(), 4));
    } else
      good = readLine(line, manifest);
    if (!good)
      return damaged("line " + std::to_string(number + 1) + " cannot be read");
  }
  if (number < 3)
    return damaged("it has " + std::to_string(number) + " lines");
  if (keyOf(manifest.key.kind, manifest.fields) != manifest.key)
    return damaged("its fields do not make its key");
  return manifest;
}

} // namespace tenon::cache
