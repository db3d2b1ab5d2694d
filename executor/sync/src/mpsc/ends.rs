//! What the ends of both channels offer: written once, since the two differ only in their limit.

/// The methods of a receiver. `$make` and `$send` are how the examples make a channel and send.
macro_rules! receiver {
    ($receiver:ident, $make:literal, $send:literal) => {
        impl<T> $receiver<T> {
            /// Waits for the next message. `None` when there is none left and there will be none:
            /// all senders are gone, or the channel was [closed](Self::close).
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses no message.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            #[doc = concat!("std::thread::spawn(move || sender.", $send, "(\"hello\"));")]
            /// assert_eq!(receiver.recv().await, Some("hello"));
            /// assert_eq!(receiver.recv().await, None);
            /// # });
            /// ```
            pub async fn recv(&mut self) -> Option<T> {
                poll_fn(|cx| self.poll_recv(cx)).await
            }

            /// Waits for at least one message, moves up to `limit` of those that are there to the
            /// end of `buffer`, and says how many: none when there will be none, as for
            /// [`recv`](Self::recv), or when the limit is none.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses no message, and leaves the buffer as it was.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            /// for number in 1..=5 {
            #[doc = concat!("    sender.", $send, "(number).unwrap();")]
            /// }
            /// let mut buffer = Vec::new();
            /// assert_eq!(receiver.recv_many(&mut buffer, 3).await, 3);
            /// assert_eq!(receiver.recv_many(&mut buffer, 3).await, 2);
            /// assert_eq!(buffer, [1, 2, 3, 4, 5]);
            /// # });
            /// ```
            pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
            }

            /// Takes the next message, if it is there.
            ///
            /// # Errors
            ///
            /// [`TryRecvError::Empty`] when it is not there yet, [`TryRecvError::Disconnected`]
            /// when there will be none.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            /// use pintle_sync::mpsc::error::TryRecvError;
            ///
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            #[doc = concat!("sender.", $send, "(1).unwrap();")]
            /// assert_eq!(receiver.try_recv(), Ok(1));
            /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
            /// drop(sender);
            /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
            /// ```
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                self.rx.try_recv()
            }

            /// As [`recv`](Self::recv), waiting with this thread, where no tasks run.
            ///
            /// # Panics
            ///
            /// On a thread on which a runtime runs tasks.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            #[doc = concat!("std::thread::spawn(move || sender.", $send, "(1));")]
            /// assert_eq!(receiver.blocking_recv(), Some(1));
            /// ```
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                blocking::wait(self.recv(), "recv")
            }

            /// As [`recv_many`](Self::recv_many), waiting with this thread, where no tasks run.
            ///
            /// # Panics
            ///
            /// On a thread on which a runtime runs tasks.
            #[track_caller]
            pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                blocking::wait(self.recv_many(buffer, limit), "recv_many")
            }

            /// Closes the channel: nothing can be sent from now on, and senders that wait get an
            /// error. What was sent before, or is sent by a permit that was had before, can still
            /// be received; so go on receiving until there is `None`.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            #[doc = concat!("sender.", $send, "(1).unwrap();")]
            /// receiver.close();
            #[doc = concat!("assert!(sender.", $send, "(2).is_err());")]
            /// assert_eq!(receiver.recv().await, Some(1));
            /// assert_eq!(receiver.recv().await, None);
            /// # });
            /// ```
            pub fn close(&mut self) {
                self.rx.close();
            }

            /// Whether nothing can be sent any more: the channel was [closed](Self::close), or all
            /// senders are gone. There may be messages left.
            pub fn is_closed(&self) -> bool {
                self.rx.is_closed()
            }

            /// Whether there is no message now.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// How many messages there are now.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
            #[doc = concat!("sender.", $send, "(1).unwrap();")]
            #[doc = concat!("sender.", $send, "(2).unwrap();")]
            /// assert_eq!(receiver.len(), 2);
            /// receiver.try_recv().unwrap();
            /// assert_eq!(receiver.len(), 1);
            /// ```
            pub fn len(&self) -> usize {
                self.rx.len()
            }

            /// Asks for the next message; if there is none yet, the task is woken when there is.
            ///
            /// Only the waker of the last call is woken.
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                self.rx.poll_recv(cx)
            }

            /// Asks for up to `limit` messages, as [`recv_many`](Self::recv_many); if there is none
            /// yet, the task is woken when there is.
            ///
            /// Only the waker of the last call is woken.
            pub fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                self.rx.poll_recv_many(cx, buffer, limit)
            }

            /// How many senders there are.
            pub fn sender_strong_count(&self) -> usize {
                self.rx.sender_strong_count()
            }

            /// How many weak senders there are.
            pub fn sender_weak_count(&self) -> usize {
                self.rx.sender_weak_count()
            }
        }

        impl<T> fmt::Debug for $receiver<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($receiver))
                    .field("chan", &self.rx.chan)
                    .finish()
            }
        }
    };
}

/// What is common to a sender, with its weak half.
macro_rules! sender {
    ($sender:ident, $weak:ident, $limit:ty, $make:literal) => {
        impl<T> $sender<T> {
            /// Waits until the receiver is gone or has closed the channel.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            ///
            /// ```
            /// use pintle_sync::mpsc;
            ///
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let (sender, receiver) = ", $make, ";")]
            #[doc = concat!("# let sender: mpsc::", stringify!($sender), "<()> = sender;")]
            /// std::thread::spawn(move || drop(receiver));
            /// sender.closed().await;
            /// # });
            /// ```
            pub async fn closed(&self) {
                self.tx.chan.closed().await;
            }

            /// Whether the receiver is gone or has closed the channel.
            pub fn is_closed(&self) -> bool {
                self.tx.chan.is_closed()
            }

            /// Whether the two send to the same channel.
            pub fn same_channel(&self, other: &Self) -> bool {
                self.tx.same_channel(&other.tx)
            }

            /// Makes a weak sender, which does not keep the channel open.
            #[must_use = "a weak sender that is not kept does nothing"]
            pub fn downgrade(&self) -> $weak<T> {
                $weak {
                    tx: self.tx.downgrade(),
                }
            }

            /// How many senders there are.
            pub fn strong_count(&self) -> usize {
                self.tx.strong_count()
            }

            /// How many weak senders there are.
            pub fn weak_count(&self) -> usize {
                self.tx.weak_count()
            }
        }

        impl<T> Clone for $sender<T> {
            fn clone(&self) -> Self {
                Self {
                    tx: self.tx.clone(),
                }
            }
        }

        impl<T> fmt::Debug for $sender<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($sender))
                    .field("chan", &self.tx.chan)
                    .finish()
            }
        }

        /// A sender that does not keep the channel open, and must be
        /// [upgraded](Self::upgrade) to send.
        ///
        /// For who sends to himself: a task that receives, and hands out senders of its own, would
        /// never see the end of the channel if it kept one.
        ///
        /// ```
        /// use pintle_sync::mpsc;
        ///
        #[doc = concat!("let (sender, mut receiver) = ", $make, ";")]
        #[doc = concat!("let weak: mpsc::", stringify!($weak), "<u32> = sender.downgrade();")]
        /// assert!(weak.upgrade().is_some());
        /// drop(sender);
        /// assert!(weak.upgrade().is_none());
        /// assert!(receiver.try_recv().is_err());
        /// ```
        pub struct $weak<T> {
            tx: WeakTx<T, $limit>,
        }

        impl<T> $weak<T> {
            /// Makes a sender, if there is still one.
            pub fn upgrade(&self) -> Option<$sender<T>> {
                Some($sender {
                    tx: self.tx.upgrade()?,
                })
            }

            /// How many senders there are.
            pub fn strong_count(&self) -> usize {
                self.tx.strong_count()
            }

            /// How many weak senders there are.
            pub fn weak_count(&self) -> usize {
                self.tx.weak_count()
            }
        }

        impl<T> Clone for $weak<T> {
            fn clone(&self) -> Self {
                Self {
                    tx: self.tx.clone(),
                }
            }
        }

        impl<T> fmt::Debug for $weak<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($weak)).finish_non_exhaustive()
            }
        }
    };
}
