"""What an app says about itself, in lines for an operator to read. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.dify.about import FormField, Parameters, SizeLimits
from core.dify.inputs import FILES, FILLED_BY_DIFY, TEXTS, is_empty, problem
from core.dify.remote_files import only_links

_SIZES = ("image", "audio", "video", "document")


def described(said: Parameters, configured: Mapping[str, Any], query_input: str | None) -> Iterator[str]:
    """Features, files and form, one line each; `query_input`: the variable that questions go into."""
    yield f"features: {_features(said)}"
    yield f"files: {_files(said)}"
    if not said.form:
        yield "form: asks for nothing"
    for one in said.form:
        yield f"form: {_field(one, configured, query_input)}"


def _features(said: Parameters) -> str:
    first, speech = len(said.suggested_questions), said.text_to_speech
    spoken = "text to speech (plays by itself)" if speech.autoPlay == "enabled" else "text to speech"
    there = {
        "opening statement": bool(said.opening_statement),
        f"{first} first question{'s' if first > 1 else ''}": bool(first),
        "next questions": said.suggested_questions_after_answer.enabled,
        "speech to text": said.speech_to_text.enabled,
        spoken: speech.enabled,
        "citations": said.retriever_resource.enabled,
        "annotation replies": said.annotation_reply.enabled,
        "moderation": said.sensitive_word_avoidance.enabled,
    }
    return ", ".join(name for name, on in there.items() if on) or "none"


def _files(said: Parameters) -> str:
    upload, limits = said.file_upload, said.system_parameters
    sizes = f"up to {_sizes(limits)}"
    if not upload.types:
        return f"not with a question; {sizes}"
    types = ", ".join(upload.types)
    if "custom" in upload.types and upload.allowed_file_extensions:
        types += f" ({' '.join(upload.allowed_file_extensions)})"
    most = f", at most {upload.most} per question" if upload.most else ""
    return f"{types}{most}; {sizes}"


def _sizes(limits: SizeLimits) -> str:
    megabytes = {kind: limits.bytes_of(kind) / 2**20 for kind in _SIZES}
    return ", ".join(f"{kind} {size:g} MB" for kind, size in megabytes.items())


def _field(one: FormField, configured: Mapping[str, Any], query_input: str | None) -> str:
    facts = [one.type, "required" if one.required else "optional"]
    if one.hide:
        facts.append("hidden")
    if one.type == "select":
        facts.append(f"one of {', '.join(one.options)}")
    counted = "characters" if one.type in TEXTS else "files" if one.type == "file-list" else ""
    if one.max_length and counted:
        facts.append(f"at most {one.max_length} {counted}")
    return f"{one.variable} ({', '.join(facts)}): {_source(one, configured, query_input)}"


def _source(one: FormField, configured: Mapping[str, Any], query_input: str | None) -> str:
    if one.variable == query_input:
        return "the question"
    if one.variable in configured:
        return "from `inputs`"
    if (one.type in FILES and not only_links(one)) or one.type in FILLED_BY_DIFY:
        return "files that come with the question" if one.type in FILES else "filled by Dify"
    if not is_empty(one.default) and problem(one, one.default) is None:
        return "has a default"
    if not one.required:
        return "may stay empty"
    what = "a link" if only_links(one) else "it"
    return "has no value" if one.hide else f"people are asked for {what} in a form"
