//! The least WebSocket client that speaks JSON-RPC: masked text frames out, unmasked ones in.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct WebSocket {
    stream: TcpStream,
    notices: VecDeque<Value>,
    count: u64,
}

impl WebSocket {
    pub async fn connect(address: std::net::SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { stream, notices: VecDeque::new(), count: 0 }
    }

    pub async fn send_text(&mut self, text: &str) {
        let length = text.len();
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0xff);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        // An all-zero mask leaves the payload as it is.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        loop {
            let kind = self.stream.read_u8().await.unwrap() & 0x0f;
            let length = match self.stream.read_u8().await.unwrap() {
                126 => u64::from(self.stream.read_u16().await.unwrap()),
                127 => self.stream.read_u64().await.unwrap(),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.unwrap();
            if kind == 1 {
                return serde_json::from_slice(&payload).unwrap();
            }
        }
    }

    /// The answer to a request; notices that come before it are kept.
    pub async fn answer(&mut self, method: &str, params: Value) -> Value {
        self.count += 1;
        let id = self.count;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send_text(&request.to_string()).await;
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message;
            }
            self.notices.push_back(message);
        }
    }

    pub async fn result(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The next notice: subscription and what it says.
    pub async fn notice(&mut self) -> (Value, Value) {
        let mut message = match self.notices.pop_front() {
            Some(message) => message,
            None => self.receive().await,
        };
        assert_eq!(message["method"], "eth_subscription", "{message}");
        (message["params"]["subscription"].take(), message["params"]["result"].take())
    }
}
