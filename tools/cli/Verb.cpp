#include "tools/cli/Verb.h"

#include "runtime/io/Temporaries.h"
#include "tools/cli/LastResort.h"
#include "tools/cli/Reference.h"
#include "tools/cli/StandardStreams.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace tenon::cli {
namespace {

std::vector<std::string> verbNames(const Program &program) {
  std::vector<std::string> names;
  for (const auto &verb : program.verbs)
    names.emplace_back(verb->name());
  for (const ForeignVerb &verb : program.foreign)
    names.emplace_back(verb.name);
  return names;
}

// CLI11 reads "-1" as 2^64 - 1, drops what is above 64 bits and takes "010" for octal.
CLI::Validator wholeNumber(uint64_t most) {
  auto normalise = [most](std::string &text) {
    uint64_t value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most)
      return "expected a whole number from 0 to " + std::to_string(most) + ", got '" + text + "'";
    text = std::to_string(value);
    return std::string();
  };
  return CLI::Validator(normalise, "");
}

// Numbers have 32 bits but where an option says that its type is UINT64.
void readWholeNumbers(CLI::App &command) {
  for (CLI::Option *option : command.get_options())
    if (const std::string type = option->get_type_name(); type.rfind("UINT", 0) == 0)
      option->transform(wholeNumber(type.rfind("UINT64", 0) == 0 ? UINT64_MAX : UINT32_MAX));
  for (CLI::App *action : command.get_subcommands({}))
    readWholeNumbers(*action);
}

// "--option=" would take the next argument for its value. Text of another option may look so: only what is one counts.
Status checkEmptyValues(const std::vector<CLI::App *> &commands, int argc, char **argv) {
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](CLI::App *app) { return app->check_name(argv[1]); });
  if (command == commands.end())
    return Status::ok();
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--")
      break;
    if (word.rfind("--", 0) != 0 || word.find('=') != word.size() - 1)
      continue;
    const std::string name = word.substr(0, word.size() - 1);
    if ((*command)->get_option_no_throw(name))
      return Status(Code::Usage, name + ": expected a value after '=', got nothing; leave the option out for its " +
                                     "default, or write " + name + " ''");
  }
  return Status::ok();
}

// Where a call that has no meaning is explained: the verb's own help when there is one in the call.
std::string seeHelp(const Program &program, int argc, char **argv) {
  const std::vector<std::string> names = verbNames(program);
  if (argc > 1 && std::find(names.begin(), names.end(), argv[1]) != names.end())
    return std::string("see `tenon ") + argv[1] + " --help`";
  return "see `tenon --help`";
}

int finish(Status status, Terminal &terminal) {
  if (status.isOk())
    status = deliverStandardOutput();
  if (!status.isOk())
    terminal.error(status);
  return static_cast<int>(status.code());
}

// The library below throws nothing of its own; the standard library does when the system refuses a thread.
Status runVerb(Verb &verb, Terminal &terminal) {
  try {
    return verb.run(terminal);
  } catch (const std::system_error &error) {
    return Status(Code::Resource, std::string("the system refused: ") + error.what());
  }
}

} // namespace

int runProgram(Program &program, int argc, char **argv) {
  Terminal terminal;
  installLastResort();
  CLI::App app(program.description, program.name);
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "tenon " TENON_VERSION, "Show the version");
  bool quiet = false;
  std::vector<CLI::App *> commands;
  for (const auto &verb : program.verbs) {
    CLI::App *command = app.add_subcommand(verb->name(), verb->summary());
    command->set_help_flag("-h,--help", "Show this help");
    command->footer(std::string("Examples:\n") + verb->examples());
    verb->declare(*command);
    readWholeNumbers(*command);
    command->add_flag("-q,--quiet", quiet, "Print errors and data only");
    commands.push_back(command);
  }
  std::string others;
  for (const ForeignVerb &verb : program.foreign)
    others += "  " + std::string(verb.name) + std::string(28 - std::strlen(verb.name), ' ') + verb.summary + "\n";
  if (!others.empty())
    app.footer("The compiler's verbs:\n" + others);

  // For tools, not for people: answered before the parse, so that they need no verb.
  const bool reference = argc == 2 && std::strcmp(argv[1], "--reference") == 0;
  const bool options = (argc == 3 || argc == 4) && std::strcmp(argv[1], "--options-of") == 0;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (reference)
      printReference(*program.verbs[i], *commands[i]);
    if (options && std::strcmp(argv[2], program.verbs[i]->name()) == 0)
      argc == 4 ? printValues(*commands[i], argv[3]) : printOptions(*commands[i]);
  }
  if (reference || options)
    return finish(Status::ok(), terminal);

  const std::vector<std::string> names = verbNames(program);
  if (argc < 2 || (argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end())) {
    std::string known;
    for (const std::string &name : names)
      known += (known.empty() ? "" : ", ") + name;
    const std::string found = argc < 2 ? "no verb is given" : std::string("there is no verb '") + argv[1] + "'";
    return finish(Status(Code::Usage, found + ", expected one of " + known + "\nsee `tenon --help`"), terminal);
  }
  if (const Status empty = checkEmptyValues(commands, argc, argv); !empty.isOk())
    return finish(Status(empty.code(), empty.message() + "\n" + seeHelp(program, argc, argv)), terminal);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) {
    app.exit(help); // prints to std::cout, which shares stdout's buffer
    return finish(Status::ok(), terminal);
  } catch (const CLI::ParseError &error) {
    return finish(Status(Code::Usage, error.what() + ("\n" + seeHelp(program, argc, argv))), terminal);
  }
  terminal.setQuiet(quiet);
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i]->parsed())
      continue;
    Status status = runVerb(*program.verbs[i], terminal);
    if (!status.isOk())
      io::removeAllTemporaries(); // an exception passes by those that would have
    return finish(std::move(status), terminal);
  }
  return static_cast<int>(Code::Usage);
}

} // namespace tenon::cli
