//! Code of contracts by name: forge's artifacts, and WASM files as programs.

use alloy_primitives::Bytes;
use revm::{context_interface::CreateScheme, interpreter::CreateInputs};

use super::{Args, Code, Failure, Reply, Session, args, files};
use crate::{pack, wasm::Features};

pub(super) const CODES: &[(&str, Code)] = &[
    ("getCode(string)", Code::Plain(creation)),
    ("getDeployedCode(string)", Code::Plain(runtime)),
    ("deployCode(string)", Code::Deploy(|s, a| deploy(s, a, Form::default()))),
    (
        "deployCode(string,bytes)",
        Code::Deploy(|s, a| deploy(s, a, Form { arguments: true, ..Form::default() })),
    ),
    (
        "deployCode(string,uint256)",
        Code::Deploy(|s, a| deploy(s, a, Form { value: true, ..Form::default() })),
    ),
    (
        "deployCode(string,bytes,uint256)",
        Code::Deploy(|s, a| deploy(s, a, Form { arguments: true, value: true, salt: false })),
    ),
    (
        "deployCode(string,bytes32)",
        Code::Deploy(|s, a| deploy(s, a, Form { salt: true, ..Form::default() })),
    ),
    (
        "deployCode(string,bytes,bytes32)",
        Code::Deploy(|s, a| deploy(s, a, Form { arguments: true, value: false, salt: true })),
    ),
    (
        "deployCode(string,uint256,bytes32)",
        Code::Deploy(|s, a| deploy(s, a, Form { arguments: false, value: true, salt: true })),
    ),
    (
        "deployCode(string,bytes,uint256,bytes32)",
        Code::Deploy(|s, a| deploy(s, a, Form { arguments: true, value: true, salt: true })),
    ),
];

/// Which arguments follow the name.
#[derive(Clone, Copy, Default)]
struct Form {
    arguments: bool,
    value: bool,
    salt: bool,
}

/// Init code: of an artifact, or of the program in a `.wasm` file of the project (packed as
/// `cargo-stylus` packs it, or taken as it is from a file that begins with EFF000).
fn init_code(session: &Session<'_>, id: &str) -> Result<Bytes, Failure> {
    if let Some(code) = program(session, id)? {
        return Ok(pack::init_code(&code));
    }
    let shared = session.shared()?;
    let artifact = shared.artifacts.find(id)?;
    let code = artifact.creation.link(|_, _| None);
    let code = code.ok_or_else(|| format!("{id} has to be linked with libraries first"))?;
    if code.is_empty() {
        return Err(format!("no bytecode for contract {id}; is it abstract or unlinked?").into());
    }
    Ok(code)
}

/// The account code of a program that a file holds; none if the name is no such file's.
fn program(session: &Session<'_>, id: &str) -> Result<Option<Bytes>, Failure> {
    let path = std::path::Path::new(id);
    let is_wasm = path.extension().is_some_and(|extension| extension == "wasm");
    if !is_wasm && path.extension().is_none_or(|extension| extension != "code") {
        return Ok(None);
    }
    let bytes = files::read(session, id)?;
    if !is_wasm {
        return Ok(Some(bytes.into()));
    }
    let config = &session.ctx.chain.config;
    let version = session.ctx.chain.params.version;
    let features = Features { stylus_version: version, debug: config.allow_debug };
    let package = pack::pack(&bytes, features).map_err(|error| format!("{id}: {error}"))?;
    Ok(Some(package.code))
}

fn creation(session: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::bytes(init_code(session, args.text(0)?)?.to_vec())])
}

fn runtime(session: &mut Session<'_>, args: &Args) -> Reply {
    let id = args.text(0)?;
    if let Some(code) = program(session, id)? {
        return Ok(vec![args::bytes(code.to_vec())]);
    }
    let shared = session.shared()?;
    let code = shared.artifacts.find(id)?.runtime.link(|_, _| None);
    let code = code.ok_or_else(|| format!("{id} has to be linked with libraries first"))?;
    Ok(vec![args::bytes(code.to_vec())])
}

fn deploy(
    session: &mut Session<'_>,
    args: &Args,
    form: Form,
) -> Result<Box<CreateInputs>, Failure> {
    let mut code = init_code(session, args.text(0)?)?.to_vec();
    let mut at = 1_usize;
    if form.arguments {
        code.extend_from_slice(args.bytes(at)?);
        at = at.saturating_add(1);
    }
    let mut value = alloy_primitives::U256::ZERO;
    if form.value {
        value = args.uint(at)?;
        at = at.saturating_add(1);
    }
    let scheme = if form.salt {
        CreateScheme::Create2 { salt: args.word(at)?.into() }
    } else {
        CreateScheme::Create
    };
    Ok(Box::new(CreateInputs::new(session.caller, scheme, value, code.into(), 0, 0)))
}
